import { OutputError } from "./errors.ts";

/** What the ProxyCommand of an `ssh_config` runs; all paths absolute, so that later steps need nothing on PATH. */
export interface ProxyCommandOptions {
  /** What runs: the `ssh-proxy` bundle in a Node, or the `bot-join` executable, which holds both. */
  program: { kind: "bundle"; node: string; script: string } | { kind: "executable"; path: string };
  /** The directory that holds the `identity` file. */
  directory: string;
  /** `host:port`, an IPv6 address in brackets. */
  proxy: string;
  cluster: string;
  /** Whether the proxy's web certificate goes unverified. Default false. */
  insecure?: boolean;
  /** PEM file of the authority that issued the proxy's web certificate. Default: the system's trust. */
  caFile?: string;
}

/** Quotes one word for a POSIX shell: single quotes, and `'` as `'"'"'` (outputs.md section 5.3). */
export function quoteShellWord(word: string): string {
  return `'${word.replaceAll("'", `'"'"'`)}'`;
}

function refuse(word: string, what: string): never {
  throw new OutputError({
    code: "ERR_OUTPUT_PROXY_COMMAND",
    kind: "user",
    message: `The ProxyCommand of ssh_config needs ${JSON.stringify(word)}, which holds ${what}: it cannot be written there.`,
    hint: "Use a directory, and a Node or bot-join installation, whose path has none of these signs.",
  });
}

/** Quotes for `sh -c` inside ssh_config, whose own parser sees backslashes first and expands `%`. */
function quotePosix(word: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\u0000-\u001f\u007f]/.test(word)) refuse(word, "a control character");
  if (word.includes("\\")) refuse(word, "a backslash");
  return quoteShellWord(word).replaceAll("%", "%%");
}

/** Quotes for `cmd.exe` and for the `sh` of Git for Windows alike: what either expands within double quotes is refused. */
function quoteWindows(word: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\u0000-\u001f\u007f"%$`]/.test(word)) refuse(word, 'one of the signs " % $ ` or a control character');
  return `"${word.replaceAll("\\", "/")}"`;
}

/**
 * Writes the text after `ProxyCommand ` that reaches a cluster's nodes through our own bundle.
 *
 * OpenSSH puts user and host into the line as they are and hands it to a shell. Within single quotes they stay one
 * word whatever they hold, except for a `'`: OpenSSH refuses that in both since 9.6 (and in the fixes for
 * CVE-2023-51385 that distributions carry). An older, unfixed OpenSSH must not be given host names from untrusted input.
 * Throws `ERR_OUTPUT_PROXY_COMMAND`.
 */
export function proxyCommandLine(options: ProxyCommandOptions, platform: NodeJS.Platform): string {
  const windows = platform === "win32";
  const quote = windows ? quoteWindows : quotePosix;
  const token = (name: string): string => (windows ? `"${name}"` : `'${name}'`);
  const { program } = options;
  return [
    ...(program.kind === "bundle"
      ? [quote(program.node), quote(program.script)]
      : [quote(program.path), "ssh-proxy-command"]),
    `--destination-dir=${quote(options.directory)}`,
    `--proxy-server=${quote(options.proxy)}`,
    `--cluster=${quote(options.cluster)}`,
    ...(options.insecure === true ? ["--insecure"] : []),
    ...(options.caFile === undefined ? [] : [`--ca-file=${quote(options.caFile)}`]),
    `--user=${token("%r")}`,
    `--host=${token("%h")}`,
    "--port=%p",
  ].join(" ");
}
