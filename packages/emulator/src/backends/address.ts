/** Finds host and port in an address with or without a scheme; undefined when there is no port. */
export function hostAndPort(uri: string): { host: string; port: number } | undefined {
  const match = /^(?:[a-z][\w+.-]*:\/\/)?(?:[^@/]*@)?(?:\[([^\]]+)\]|([^:/]+)):(\d+)/i.exec(uri);
  if (match === null) return undefined;
  return { host: match[1] ?? match[2] ?? "", port: Number(match[3]) };
}
