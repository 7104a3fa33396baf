/** The major number of a semantic version, or undefined when the text is none. */
function majorOf(version: string): number | undefined {
  const major = /^(\d+)\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/.exec(version)?.[1];
  return major === undefined ? undefined : Number(major);
}

/**
 * Refuses a `version` that is no semantic version or lower than the oldest major version; a client that
 * names none is not checked (user-certs.md section 1.4). Gives the text of the refusal.
 */
export function clientVersionRefusal(
  version: string | undefined,
  oldestMajor: number | undefined,
): string | undefined {
  if (version === undefined || oldestMajor === undefined) return undefined;
  const major = majorOf(version);
  return major === undefined || major < oldestMajor ? "client version is unsupported" : undefined;
}
