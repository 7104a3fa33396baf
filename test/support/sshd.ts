import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";

/** What a real sshd is given. */
export interface SshdOptions {
  /** Path of the program. */
  sshd: string;
  /** An empty folder for its files; the caller removes it. */
  directory: string;
  /** Path of its private host key, mode 0600. */
  hostKey: string;
  /** The host certificate, an authorized_keys line. */
  hostCertificate: string;
  /** authorized_keys lines of the user authority. */
  userCaPublicKeys: string[];
}

/** A running sshd on loopback. */
export interface Sshd extends AsyncDisposable {
  /** host:port */
  readonly address: string;
  /** What it logged. */
  log(): string;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("data", () => resolve(true)).once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
    socket.once("data", () => socket.destroy());
  });
}

async function ready(child: ChildProcess, port: number, log: () => string): Promise<void> {
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`sshd ended: ${log()}`);
  }
}

/** Starts a real sshd that trusts the cluster's user authority and shows a host certificate. */
export async function startSshd(options: SshdOptions): Promise<Sshd> {
  const port = await freePort();
  const file = (name: string, text: string): string => {
    const path = join(options.directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  // An sshd of root insists on its folder for privilege separation.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const config = file(
    "sshd_config",
    [
      "ListenAddress 127.0.0.1",
      `Port ${port}`,
      "PidFile none",
      `HostKey ${options.hostKey}`,
      `HostCertificate ${file("host-cert.pub", `${options.hostCertificate.trim()}\n`)}`,
      `TrustedUserCAKeys ${file("user-ca.pub", `${options.userCaPublicKeys.join("\n")}\n`)}`,
      "AuthorizedKeysFile none",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "PermitRootLogin yes",
      "StrictModes no",
      "UsePAM no",
      "LogLevel VERBOSE",
      "",
    ].join("\n"),
  );
  const child = spawn(options.sshd, ["-D", "-e", "-f", config], { stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  child.stderr.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const log = (): string => text;
  await ready(child, port, log);
  return {
    address: `127.0.0.1:${port}`,
    log,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, "exit");
    },
  };
}
