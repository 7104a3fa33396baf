import { SetupError } from "./errors.ts";

/** A semantic version with an optional pre-release and nothing that could mean something in a path or an address. */
const pattern = /^v?(\d{1,4}\.\d{1,4}\.\d{1,4}(?:-[0-9A-Za-z]+(?:[.-][0-9A-Za-z]+)*)?)$/;

/** No release of Teleport has a longer version than a pre-release or a build of a branch. */
const maxLength = 64;

/** Reads a version out of a cluster's answer; undefined when it is none. */
export function findVersion(text: string): string | undefined {
  return text.length > maxLength ? undefined : pattern.exec(text)?.[1];
}

/** Reads an exact version, with or without a leading `v`; the result has none. Throws `ERR_SETUP_VERSION`. */
export function parseVersion(text: string): string {
  const version = findVersion(text);
  if (version !== undefined) return version;
  throw new SetupError({
    code: "ERR_SETUP_VERSION",
    kind: "user",
    message: `The input version is ${JSON.stringify(text.slice(0, maxLength))}, which is no exact version.`,
    hint: "Give all three numbers, as in 18.4.1, or auto together with the input proxy for the cluster's own version.",
  });
}
