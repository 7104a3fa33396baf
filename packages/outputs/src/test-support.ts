import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { chmod, chown, lstat, readdir, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Secret } from "@bot-join/core";
import { parseAuthorizedKey } from "@bot-join/formats";
import { expect } from "vitest";
import { OutputError, type OutputErrorCode } from "./errors.ts";
import type { Authority, OutputIdentity } from "./output-identity.ts";

/** The user `daemon`, whom permissions bind. Not `nobody`: some sshd take that account for locked. */
const ordinaryUid = 1;

/** A folder of its own for one test, mode 0700, removed at its end. */
export interface TemporaryFolder extends Disposable {
  path: string;
}

/** Makes a {@link TemporaryFolder}; its path holds no links. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await realpath(mkdtempSync(join(tmpdir(), "bot-join-outputs-")));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Reads a file of a recorded output directory. */
export function recorded(directory: string, file: string): string {
  return readFileSync(new URL(`../../../test/vectors/outputs/${directory}/${file}`, import.meta.url), "utf8");
}

/** The names of the files of a recorded output directory, sorted. */
export function recordedNames(directory: string): string[] {
  return readdirSync(new URL(`../../../test/vectors/outputs/${directory}`, import.meta.url)).sort();
}

/** The identity that a recorded directory was written from. */
export function recordedIdentity(directory: string): OutputIdentity {
  // The one cluster's host authority, whose line only identity outputs have in a file of its own.
  const hostKeyLine = recorded("identity", "known_hosts").split(" ").slice(2).join(" ").trim();
  const authority = (file: string, sshPublicKeys: Uint8Array[]): Authority[] => [
    { clusterName: "bot.test", sshPublicKeys, tlsCertificates: [recorded(directory, file)] },
  ];
  return {
    privateKeyPem: new Secret(recorded(directory, "key")),
    publicKeyLine: recorded(directory, "key.pub").trimEnd(),
    sshCertificate: recorded(directory, "key-cert.pub"),
    tlsCertificate: recorded(directory, "tlscert"),
    authorities: {
      host: authority("teleport-host-ca.crt", [parseAuthorizedKey(hostKeyLine).blob]),
      user: authority("teleport-user-ca.crt", []),
      db: authority("teleport-database-ca.crt", []),
    },
  };
}

/** Names and permission bits of everything in a folder, sorted: `key 600`. */
export async function listing(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).sort();
  return Promise.all(
    names.map(async (name) => `${name} ${((await lstat(join(folder, name))).mode & 0o777).toString(8)}`),
  );
}

/** Expects an operation to fail with an {@link OutputError} of this code, and gives the error. */
export async function failure(operation: Promise<unknown>, code: OutputErrorCode): Promise<OutputError> {
  const error: unknown = await operation.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OutputError);
  if (!(error instanceof OutputError)) throw new TypeError("unreachable");
  expect(error.code).toBe(code);
  return error;
}

/** What {@link inChild} tells of its child: the error, or none, and whatever the script returned. */
export interface ChildResult {
  code?: string;
  message?: string;
  value?: unknown;
}

/**
 * Runs the body of an async function in a Node of its own, where `outputs` is this package and `fs` is `node:fs/promises`,
 * and gives what it returned or threw. Tests that start as root run it as an ordinary user, whom permissions bind, unless
 * `asRoot` is set; `wrapper` is the command line in front of `node`.
 */
export async function inChild(
  body: string,
  options: { wrapper?: string[]; asRoot?: boolean } = {},
): Promise<ChildResult> {
  const script = `
    import * as fs from "node:fs/promises";
    import * as outputs from ${JSON.stringify(fileURLToPath(new URL("./index.ts", import.meta.url)))};
    const run = async () => { ${body} };
    const result = await run().then((value) => ({ value }), (error) => ({ code: error.code, message: error.message }));
    console.log(JSON.stringify(result));`;
  const [program, ...args] = [
    ...(options.wrapper ?? []),
    process.execPath,
    "--disable-warning=ExperimentalWarning",
    "--input-type=module",
    "-e",
    script,
  ];
  const user =
    process.getuid?.() === 0 && options.asRoot !== true ? { uid: ordinaryUid, gid: ordinaryUid } : {};
  const stdout = await new Promise<string>((resolve, reject) => {
    execFile(program ?? "", args, { ...user, cwd: "/" }, (error, out, err) =>
      error === null ? resolve(out) : reject(new Error(`${error.message}\n${err}`)),
    );
  });
  return JSON.parse(stdout) as ChildResult;
}

/** Hands a folder to the user that {@link inChild} runs as. */
export async function giveToChild(folder: string, mode = 0o700): Promise<void> {
  if (process.getuid?.() === 0) await chown(folder, ordinaryUid, ordinaryUid);
  await chmod(folder, mode);
}

/** What a program said; a failure of it is told by `status`, not thrown. */
export interface ProgramResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a program as the user that {@link inChild} runs as, with nothing on standard input and no ssh-agent. */
export async function runAsChild(program: string, args: string[]): Promise<ProgramResult> {
  const user = process.getuid?.() === 0 ? { uid: ordinaryUid, gid: ordinaryUid } : {};
  const { SSH_AUTH_SOCK: _, ...env } = process.env;
  return new Promise((resolve) => {
    const child = execFile(program, args, { ...user, env, cwd: "/" }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? 255), stdout, stderr }),
    );
    child.stdin?.end();
  });
}
