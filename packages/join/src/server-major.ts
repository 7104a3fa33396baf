/** The major number of a server's version; NaN where it says none, which is neither above nor below any other. */
export function majorVersion(serverVersion: string | undefined): number {
  return Number.parseInt(serverVersion ?? "", 10);
}
