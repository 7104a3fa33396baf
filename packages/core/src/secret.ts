const redacted = "[redacted]";

/**
 * Holds a value that must never be printed: its string and JSON forms are `[redacted]`,
 * and inspecting it shows nothing, since the field is private.
 * Only {@link Secret.reveal} gives the value, so every use can be found by that word.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the wire or for a file of mode 0600. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }
}

/**
 * Lists what a log masker has to know of a secret: the value, each of its lines, and, for PEM, the base64
 * body as one string, since tools re-wrap it. Parts shorter than 4 characters and PEM armour are left out:
 * masking them would blank innocent text.
 */
export function maskableParts(secret: Secret): string[] {
  const value = secret.reveal();
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  const bodies = [...value.matchAll(/-----BEGIN [^-]+-----([^-]+)-----END/g)].map((match) =>
    (match[1] ?? "").replace(/\s+/g, ""),
  );
  const parts = [value.trim(), ...lines, ...bodies].filter(
    (part) => part.length >= 4 && !/^-----(BEGIN|END) [A-Z ]+-----$/.test(part),
  );
  return [...new Set(parts)];
}
