import { ResourceError } from "./errors.ts";

/** A version of the Teleport server; a part that was not given is taken for the last release of its line. */
export type ServerVersion = readonly [major: number, minor: number, patch: number];

/** A server that has everything that this package knows of. */
export const newestServer: ServerVersion = [
  Number.POSITIVE_INFINITY,
  Number.POSITIVE_INFINITY,
  Number.POSITIVE_INFINITY,
];

/**
 * Reads a server version as people write it: `14.2.0`, `v17.5`, `18`, `18.1.0-rc.1`. Absent: the newest. Throws
 * ERR_RESOURCE_SERVER_VERSION for anything else.
 */
export function parseServerVersion(written: string | undefined): ServerVersion {
  if (written === undefined) return newestServer;
  const parts = /^v?(\d{1,4})(?:\.(\d{1,4}))?(?:\.(\d{1,4}))?(?:[-+][\w.+-]*)?$/.exec(written.trim());
  if (parts === null) {
    throw new ResourceError({
      code: "ERR_RESOURCE_SERVER_VERSION",
      kind: "user",
      message: `Reading the server's version ${JSON.stringify(written.slice(0, 40))}: this is no version.`,
      hint: "Write it as the server reports it, such as 14.2.0, or the major version alone, such as 18.",
    });
  }
  const [, major = "", minor, patch] = parts;
  const last = Number.POSITIVE_INFINITY;
  return [
    Number(major),
    minor === undefined ? last : Number(minor),
    patch === undefined ? last : Number(patch),
  ];
}

/** Tells whether a server is of this version or newer; `since` is written as `16.4` or `18`. */
export function isAtLeast(server: ServerVersion, since: string): boolean {
  for (const [index, part] of since.split(".").entries()) {
    const difference = (server[index] ?? 0) - Number(part);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
