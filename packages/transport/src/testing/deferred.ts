/** A promise to be resolved from elsewhere. */
export interface Deferred {
  promise: Promise<void>;
  resolve(): void;
}

/** Makes a promise to be resolved from elsewhere (Promise.withResolvers came with ES2024). */
export function deferred(): Deferred {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
