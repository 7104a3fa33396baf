import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestContext } from "vitest";
import { findTool } from "./tools.ts";

const run = promisify(execFile);

/** Where Debian puts the programs of each version. */
const debianFolder = "/usr/lib/postgresql";

/** What a real PostgreSQL is given; all PEM. */
export interface PostgresOptions {
  /** Folder of its programs. */
  programs: string;
  certificatePem: string;
  privateKeyPem: string;
  /** The authority of its clients' certificates. */
  clientCaPem: string;
  /** Users that may log in with a certificate of their name; each has a database of its name. */
  users: readonly string[];
}

/** A running PostgreSQL on loopback that lets in whoever shows a certificate of a user. */
export interface Postgres extends AsyncDisposable {
  /** host:port */
  readonly address: string;
  /** What it logged. */
  log(): string;
}

/** Finds the folder of PostgreSQL's server programs; undefined when they are missing. */
function findPostgres(): string | undefined {
  try {
    const versions = readdirSync(debianFolder).sort((a, b) => Number(b) - Number(a));
    const folders = versions.map((version) => join(debianFolder, version, "bin"));
    return folders.find((folder) => readdirSync(folder).includes("initdb"));
  } catch {
    // Not Debian's package: elsewhere the programs are on PATH.
    const initdb = findTool("initdb");
    return initdb === undefined ? undefined : join(initdb, "..");
  }
}

/** Gives the folder of PostgreSQL's server programs, or skips the test as `requireTool` does. */
export function requirePostgres(context: TestContext): string {
  const folder = findPostgres();
  if (folder !== undefined) return folder;
  const reason = "the PostgreSQL server is not installed (Debian: apt-get install postgresql)";
  if (process.env["BOT_JOIN_REQUIRE_TOOLS"] === "1") throw new Error(reason);
  return context.skip(reason) as never;
}

/** PostgreSQL refuses to run as root, so root starts it as the user of its package, or as nobody. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string, name: string): number =>
    Number(execFileSync("id", [flag, name], { stdio: "pipe" }));
  try {
    return { uid: id("-u", "postgres"), gid: id("-g", "postgres") };
  } catch {
    return { uid: id("-u", "nobody"), gid: id("-g", "nobody") };
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a real PostgreSQL with a new, empty cluster of databases in a folder of its own. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const user = serverUser();
  const folder = mkdtempSync(join(tmpdir(), "bot-join-postgres-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    if (user !== undefined) chownSync(folder, user.uid, user.gid);
    return await startIn(folder, user, options, remove);
  } catch (error) {
    remove();
    throw error;
  }
}

async function startIn(
  folder: string,
  user: { uid: number; gid: number } | undefined,
  options: PostgresOptions,
  remove: () => void,
): Promise<Postgres> {
  const program = (name: string): string => join(options.programs, name);
  const child = { ...user, cwd: folder, env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" } };
  const data = join(folder, "data");
  await run(
    program("initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"],
    child,
  );
  const file = (name: string, text: string): void => {
    const path = join(data, name);
    writeFileSync(path, text, { mode: 0o600 });
    if (user !== undefined) chownSync(path, user.uid, user.gid);
  };
  file("server.crt", options.certificatePem);
  file("server.key", options.privateKeyPem);
  file("root.crt", options.clientCaPem);
  file("pg_hba.conf", "local all postgres trust\nhostssl all all 127.0.0.1/32 cert\n");
  const port = await freePort();
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: folder,
    ssl: "on",
    ssl_ca_file: "root.crt",
    fsync: "off",
    log_connections: "on",
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const server = spawn(program("postgres"), ["-D", data, ...flags], {
    ...child,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  const ready = new Promise<void>((resolve, reject) => {
    server.stderr.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("ready to accept connections")) resolve();
    });
    server.once("exit", () => reject(new Error(`postgres ended: ${text}`)));
  });
  const stop = async (): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null) {
      // Immediate: what is in it is thrown away.
      server.kill("SIGQUIT");
      await once(server, "exit");
    }
    remove();
  };
  try {
    await ready;
    for (const name of options.users) {
      const sql = [`CREATE ROLE "${name}" LOGIN`, `CREATE DATABASE "${name}" OWNER "${name}"`];
      const commands = sql.flatMap((each) => ["-c", each]);
      const where = ["-h", folder, "-p", String(port), "-U", "postgres", "-d", "postgres"];
      await run(program("psql"), ["-X", "-q", "-v", "ON_ERROR_STOP=1", ...where, ...commands], child);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { address: `127.0.0.1:${port}`, log: () => text, [Symbol.asyncDispose]: stop };
}
