import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { encodePublicKey } from "@bot-join/formats";

/** Folders where daemons live that PATH often leaves out. */
const daemonFolders = ["/usr/sbin", "/usr/local/sbin", "/sbin"];

/** Where a root sshd keeps its separated half; Debian makes it when the service starts. */
const separationFolder = "/run/sshd";

/** Finds a program on PATH or where daemons live; undefined when it is not installed. */
export function findProgram(name: string, path: string | undefined): string | undefined {
  for (const folder of [...(path ?? "").split(delimiter), ...daemonFolders]) {
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not here: the next folder is asked.
    }
  }
  return undefined;
}

/** A real OpenSSH server on loopback that knows the demo's cluster. */
export interface DemoSshd extends AsyncDisposable {
  /** host:port */
  address: string;
  /** What it logged, for when a login fails. */
  log(): string;
}

/** What the server has to know of the cluster. */
export interface SshdTrust {
  userCaPublicKeys: string[];
  signHostKey(publicKey: Uint8Array): string;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new TypeError("a TCP server without a port");
  return address.port;
}

function configure(folder: string, port: number, trust: SshdTrust): string {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const file = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const key = file("host_key", privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  const certificate = file(
    "host_key-cert.pub",
    `${trust.signHostKey(encodePublicKey(publicKey)).trimEnd()}\n`,
  );
  const userCa = file("user_ca.pub", `${trust.userCaPublicKeys.join("\n")}\n`);
  return file(
    "sshd_config",
    [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey "${key}"`,
      `HostCertificate "${certificate}"`,
      `TrustedUserCAKeys "${userCa}"`,
      "AuthorizedKeysFile none",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "PermitRootLogin prohibit-password",
      "UsePAM no",
      "PrintMotd no",
      "Subsystem sftp internal-sftp",
      "PidFile none",
      "LogLevel VERBOSE",
      "",
    ].join("\n"),
  );
}

/** Starts sshd in the foreground and waits until it listens. `folder` holds its keys and goes with the demo. */
export async function startSshd(sshd: string, folder: string, trust: SshdTrust): Promise<DemoSshd> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const madeSeparation = process.getuid?.() === 0 && !existsSync(separationFolder);
  if (madeSeparation) mkdirSync(separationFolder, { mode: 0o755 });
  const port = await freePort();
  const child = spawn(sshd, ["-D", "-e", "-f", configure(folder, port, trust)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  try {
    await listening(child, (text) => {
      log += text;
    });
  } catch (error) {
    if (madeSeparation) rmdirSync(separationFolder);
    throw error;
  }
  return {
    address: `127.0.0.1:${port}`,
    log: () => log,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once("close", resolve));
      if (child.exitCode === null && child.kill()) await ended;
      if (madeSeparation) rmdirSync(separationFolder);
    },
  };
}

function listening(child: ChildProcess, keep: (text: string) => void): Promise<void> {
  let log = "";
  return new Promise((resolve, reject) => {
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      keep(text);
      log += text;
      if (log.includes("Server listening on")) resolve();
    });
    child.once("error", reject);
    child.once("close", (status) => reject(new Error(`sshd ended with status ${status}: ${log.trim()}`)));
  });
}
