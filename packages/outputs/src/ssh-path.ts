import { OutputError } from "./errors.ts";

/** Tells a Windows path by what an absolute POSIX path always has: a slash in front. */
function isWindowsPath(path: string): boolean {
  return !path.startsWith("/");
}

/** What of a path ssh_config's double quotes cannot hold in every OpenSSH, and why; undefined when all is well. */
function obstacle(path: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\u0000-\u001f\u007f]/.test(path)) return "a control character";
  if (path.includes('"')) return "a double quote";
  // Before 8.7 a backslash was plain, since then it may escape what follows.
  if (path.includes("\\") && !isWindowsPath(path)) return "a backslash";
  // OpenSSH 8.4 and newer expand environment variables here and know no escape.
  if (path.includes("${")) return 'the signs "${"';
  return undefined;
}

/**
 * Checks that every tool can be told of a directory, ssh_config being the strictest: no double quote, backslash
 * (on POSIX), `${` or control character in its absolute path. Throws `ERR_OUTPUT_DIRECTORY_NAME`.
 */
export function checkSshDirectory(directory: string): void {
  const found = obstacle(directory);
  if (found === undefined) return;
  throw new OutputError({
    code: "ERR_OUTPUT_DIRECTORY_NAME",
    kind: "user",
    message: `The output directory ${JSON.stringify(directory)} has ${found} in its path, which ssh_config cannot express.`,
    hint: "Choose another directory; spaces and letters of any language are fine.",
  });
}

/**
 * Writes the path of a file as the value of `IdentityFile`, `CertificateFile` or `UserKnownHostsFile`: double quotes,
 * `%` doubled since OpenSSH expands it, forward slashes for Windows. Throws `ERR_OUTPUT_DIRECTORY_NAME`.
 */
export function quoteSshPath(directory: string, file: string): string {
  checkSshDirectory(directory);
  const slashed = isWindowsPath(directory) ? directory.replaceAll("\\", "/") : directory;
  return `"${slashed}/${file}"`.replaceAll("%", "%%");
}
