import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildBundles } from "../../scripts/bundle.ts";
import { type BundleResult, runProgram } from "../support/run-bundle.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { requireTool, runTool } from "../support/tools.ts";

const documents = `
kind: remote_cluster
version: v3
metadata: {name: leaf.test}
`;

/** What nobody waits for longer, in milliseconds. */
const hungAfterMs = 18_000;

let program: TempDir;
let folder: TempDir;

beforeAll(async () => {
  program = tempDir();
  for (const [name, bytes] of await buildBundles(["bot-join"]))
    writeFileSync(join(program.path, name), bytes);
  folder = tempDir();
  mkdirSync(at("resources"));
  writeFileSync(at("resources/leaf.yaml"), documents);
}, 60_000);

afterAll(() => {
  folder[Symbol.dispose]();
  program[Symbol.dispose]();
});

function at(name: string): string {
  return join(folder.path, name);
}

function command(args: string[]): string[] {
  return [join(program.path, "bot-join.cjs"), "emulate", ...args];
}

/** Runs `bot-join emulate` until it has said everything, and ends it. */
async function emulate(args: string[]): Promise<string> {
  const child = spawn(process.execPath, command(args), {
    env: { TMPDIR: folder.path },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: hungAfterMs,
    killSignal: "SIGKILL",
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (said.includes("Ctrl-C ends it.")) child.kill("SIGTERM");
  });
  const [status] = await once(child, "close");
  expect(status, said).toBe(0);
  return said;
}

test("--sign-database writes what a database server needs, called as by tctl", async (context) => {
  const openssl = requireTool(context, "openssl");
  // Replaced, and not left readable for everybody.
  writeFileSync(at("server.key"), "an earlier one", { mode: 0o644 });
  const hosts = "db.example.com,localhost,127.0.0.1";
  const said = await emulate([`--resources=${at("resources")}`, `--sign-database=${hosts}=${at("server")}`]);
  expect(said).toContain(
    `Files of the database server db.example.com, localhost, 127.0.0.1: ${at("server")}.crt, `,
  );
  const shown = runTool(openssl, ["x509", "-in", at("server.crt"), "-noout", "-ext", "subjectAltName"]);
  for (const name of ["DNS:db.example.com", "DNS:localhost", "IP Address:127.0.0.1"])
    expect(shown).toContain(name);
  expect(runTool(openssl, ["pkey", "-in", at("server.key"), "-pubout"])).toBe(
    runTool(openssl, ["x509", "-in", at("server.crt"), "-noout", "-pubkey"]),
  );
  expect(statSync(at("server.key")).mode & 0o777).toBe(0o600);
  // The authority of those who come, which is not the server's own from version 15 on.
  expect(runTool(openssl, ["verify", "-CAfile", at("server.cas"), at("server.cas")])).toContain("OK");
  expect(readdirSync(folder.path).sort()).toEqual(["resources", "server.cas", "server.crt", "server.key"]);
});

describe("--sign-host-key of a node in a leaf cluster", () => {
  test("is signed by the leaf's own authority, which a state directory keeps", async (context) => {
    const keygen = requireTool(context, "ssh-keygen");
    runTool(keygen, ["-q", "-t", "ed25519", "-N", "", "-f", at("host_key")]);
    const authorityOf = (path: string): string | undefined =>
      /Signing CA: \S+ (SHA256:\S+)/.exec(runTool(keygen, ["-L", "-f", path]))?.[1];
    const shared = [`--state-dir=${at("state")}`, "--cluster=root.test"];
    const leaf = `--sign-host-key=db-1@leaf.test=${at("host_key.pub")}`;
    const said = await emulate([...shared, `--resources=${at("resources")}`, leaf]);
    expect(said).toContain(`HostCertificate of db-1: ${at("host_key-cert.pub")}`);
    expect(runTool(keygen, ["-L", "-f", at("host_key-cert.pub")])).toMatch(
      /host certificate[\s\S]*Principals: \n\s+db-1\.leaf\.test\n\s+db-1\n/,
    );
    const first = authorityOf(at("host_key-cert.pub"));
    // The documents are in the state directory now.
    await emulate([...shared, leaf]);
    expect(authorityOf(at("host_key-cert.pub"))).toBe(first);
    await emulate([...shared, `--sign-host-key=db-1=${at("host_key.pub")}`]);
    expect(authorityOf(at("host_key-cert.pub"))).not.toBe(first);
  }, 60_000);

  test("is an error where there is no such leaf, with those that there are", async (context) => {
    runTool(requireTool(context, "ssh-keygen"), ["-q", "-t", "ed25519", "-N", "", "-f", at("other_key")]);
    const result = await refused([`--sign-host-key=db-1@laef.test=${at("other_key.pub")}`]);
    expect(result.stderr).toContain("--sign-host-key @laef.test: no document remote_cluster has this name");
    expect(result.stderr).toContain("there are: leaf.test");
    expect(readdirSync(folder.path)).not.toContain("other_key-cert.pub");
  });
});

async function refused(args: string[]): Promise<BundleResult> {
  const words = command([`--resources=${at("resources")}`, ...args]);
  const result = await runProgram(process.execPath, words, { env: { TMPDIR: folder.path } });
  expect([result.status, result.stdout]).toEqual([2, ""]);
  return result;
}

test.each([
  ["--sign-database=127.0.0.1", /--sign-database 127\.0\.0\.1: host=prefix is wanted[\s\S]*ERR_CLI_FLAG/],
  ["--sign-database=,=./server", /--sign-database ,=\.\/server: [\s\S]*ERR_CLI_FLAG/],
  [
    "--sign-database=127.0.0.1=/no/such/folder/server",
    /Writing \/no\/such\/folder\/server\.key[\s\S]*ERR_CLI_FILE/,
  ],
  ["--sign-host-key=db-1@leaf.test", /--sign-host-key db-1@leaf\.test: [\s\S]*ERR_CLI_FLAG/],
])("%s is refused", async (flag, message) => {
  expect((await refused([flag])).stderr).toMatch(message);
});
