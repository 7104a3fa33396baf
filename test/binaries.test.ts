import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Emulator, EmulatorOptions } from "@bot-join/emulator";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { startSshd } from "../packages/cli/src/demo/sshd.ts";
import { createAuthority } from "../packages/transport/src/testing/certificates.ts";
import { readMachine } from "../scripts/binaries/read-machine.ts";
import { ownTarget, targets } from "../scripts/binaries/targets.ts";
import { buildBinaries } from "../scripts/binaries.ts";
import { checksumLine, filledCore, serveFiles, shellJob, shellKinds } from "./shell/shell-job.ts";
import { githubIssuer, startTestEmulator, testResources } from "./support/emulator.ts";
import { type BundleResult, runProgram } from "./support/run-bundle.ts";
import { type TempDir, tempDir } from "./support/temp-dir.ts";
import { findTool, requireTool } from "./support/tools.ts";

/** Those of the other machines take a minute and a gigabyte, so they are made only on request. */
const all = process.env["BOT_JOIN_ALL_BINARIES"] === "1";

const own = Object.keys(targets).find((name) => targets[name] === ownTarget());

/** The host name by which the emulator is known when a job has to go through an HTTP proxy. */
const publicHost = "teleport.bot.test";

let folder: TempDir;
let emulator: Emulator;
let reason: string | undefined;

beforeAll(async () => {
  folder = tempDir();
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  emulator = await startTestEmulator();
  await buildBinaries(all || own === undefined ? Object.keys(targets) : [own], folder.path).catch(
    (error: Error) => {
      reason = error.message;
    },
  );
}, 300_000);

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** The executable for this machine, or a skipped test where the registry does not give its parts. */
function binary(context: TestContext, name: string | undefined = own): string {
  if (reason === undefined && name !== undefined) return join(folder.path, targets[name]?.file ?? "");
  if (process.env["BOT_JOIN_REQUIRE_TOOLS"] === "1") throw new Error(reason);
  return context.skip(`the executable was not built: ${reason}`) as never;
}

/** A job in an image without Node: its PATH holds these programs alone. */
interface Job extends Disposable {
  path(name: string): string;
  env: Record<string, string>;
  start(program: string, env?: Record<string, string>): Promise<BundleResult>;
}

async function startJob(cluster: Emulator = emulator, programs: string[] = ["sh", "ssh"]): Promise<Job> {
  const temporary = tempDir();
  const path = (name: string): string => join(temporary.path, name);
  for (const name of ["bin", "tmp", "work"]) mkdirSync(path(name));
  for (const name of programs) symlinkSync(findTool(name) ?? name, path(`bin/${name}`));
  writeFileSync(path("ca.pem"), cluster.webCaPem);
  const env = {
    PATH: path("bin"),
    HOME: path("work"),
    TMPDIR: path("tmp"),
    BOT_JOIN_STATE_DIR: path("tmp/state"),
    ...(await joinVariables(cluster, path("ca.pem"))),
  };
  return {
    path,
    env,
    start: (program, more = {}) =>
      runProgram(program, ["start", "--format=json"], { cwd: path("work"), env: { ...env, ...more } }),
    [Symbol.dispose]: () => temporary[Symbol.dispose](),
  };
}

/** The variables of a job of acme/shop. */
async function joinVariables(cluster: Emulator, caFile: string): Promise<Record<string, string>> {
  const idToken = await cluster.issuer(githubIssuer).sign({
    sub: "repo:acme/shop:ref:refs/heads/main",
    repository: "acme/shop",
    aud: "teleport.cluster.local",
  });
  return {
    BOT_JOIN_PROXY: cluster.proxyAddress,
    BOT_JOIN_CA_FILE: caFile,
    BOT_JOIN_TOKEN: "ghcom",
    BOT_JOIN_JOIN_METHOD: "github",
    BOT_JOIN_ID_TOKEN: idToken,
  };
}

/** Starts an HTTP proxy that connects every job with the emulator, by TLS if it has a certificate. */
async function startHttpProxy(
  cluster: Emulator,
  tls: { certificatePem: string; privateKeyPem: string } | undefined,
): Promise<AsyncDisposable & { url: string; asked: string[] }> {
  const port = Number(cluster.proxyAddress.split(":")[1]);
  const asked: string[] = [];
  /** The server forgets the connections of tunnels, and waits for them at its end nevertheless. */
  const tunnelled = new Set<{ destroy(): unknown }>();
  const server =
    tls === undefined
      ? createHttpServer()
      : createHttpsServer({ cert: tls.certificatePem, key: tls.privateKeyPem });
  server.on("connect", (request, socket) => {
    asked.push(String(request.url));
    const out = connect(port, "127.0.0.1");
    for (const end of [socket, out]) {
      end.on("error", () => {});
      tunnelled.add(end);
    }
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    socket.pipe(out).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://localhost:${address.port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      for (const end of tunnelled) end.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("the executable for this machine, where there is no Node", () => {
  test("says its version and its commands", async (context) => {
    const program = binary(context);
    using job = await startJob();
    const run = (...args: string[]): Promise<BundleResult> => runProgram(program, args, { env: job.env });
    expect(await runProgram(job.path("bin/sh"), ["-c", "command -v node"], { env: job.env })).toMatchObject({
      stdout: "",
    });
    expect(await run("--version")).toEqual({ status: 0, signal: null, stdout: "1.0.0\n", stderr: "" });
    const help = await run("--help");
    for (const name of ["start", "cleanup", "ssh-proxy-command", "tokens", "emulate"])
      expect(help.stdout).toContain(name);
  });

  test.for(["14", "18"] as const)(
    "joins Teleport %s, reaches a node by ssh, and cleans up",
    async (version, context) => {
      const program = binary(context);
      const ssh = requireTool(context, "ssh");
      const login = userInfo().username;
      await using cluster = await startOwnEmulator({
        version,
        resources: testResources.replace("logins: [root, deploy]", `logins: [${login}]`),
      });
      using job = await startJob(cluster);
      await using sshd = await startSshd(requireTool(context, "sshd"), job.path("sshd"), {
        userCaPublicKeys: cluster.userCaPublicKeys,
        signHostKey: (key) => cluster.signHostKey(key, ["web-1.bot.test"]),
      });
      cluster.addNode({ hostname: "web-1", uuid: randomUUID(), address: sshd.address });

      const joined = await job.start(program);
      expect(joined.status, joined.stderr).toBe(0);
      const { "ssh-config": config = "", directory = "" } = JSON.parse(joined.stdout) as Record<
        string,
        string
      >;
      // No bundle is needed beside the identity.
      expect(readdirSync(directory)).not.toContain("ssh-proxy.cjs");
      expect(readFileSync(config, "utf8")).toContain(`ProxyCommand '${program}' ssh-proxy-command `);
      const args = ["-F", config, "-o", "BatchMode=yes", `${login}@web-1.bot.test`, "echo here"];
      const shown = await runProgram(ssh, args, { env: job.env });
      expect(shown, `${shown.stderr}\n${sshd.log()}`).toMatchObject({ status: 0, stdout: "here\n" });

      expect(await runProgram(program, ["cleanup"], { env: job.env })).toMatchObject({ status: 0 });
      expect(readdirSync(job.path("tmp"), { recursive: true })).toEqual([]);
    },
  );

  test.for(["http", "https"])("goes through an HTTP proxy that is reached by %s", async (scheme, context) => {
    const program = binary(context);
    const authority = createAuthority(context, "7");
    await using cluster = await startOwnEmulator({ publicHost });
    await using proxy = await startHttpProxy(
      cluster,
      scheme === "https" ? authority.issue({ names: ["DNS:localhost"] }) : undefined,
    );
    using job = await startJob(cluster);
    writeFileSync(job.path("proxy-ca.pem"), authority.certificatePem);
    const env = { HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: job.path("proxy-ca.pem") };
    const joined = await job.start(program, env);
    expect(joined.status, joined.stderr).toBe(0);
    expect(new Set(proxy.asked)).toEqual(new Set([cluster.proxyAddress]));
  });

  test.for(["unknown-ca", "wrong-name", "expired"] as const)(
    "refuses a proxy whose certificate has the fault %s",
    async (webCertificate, context) => {
      const program = binary(context);
      await using cluster = await startOwnEmulator({ faults: { webCertificate } });
      using job = await startJob(cluster);
      const { status, stdout, stderr } = await job.start(program, { BOT_JOIN_RETRIES: "1" });
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toContain("ERR_TRANSPORT_CERTIFICATE");
    },
  );

  test("takes nothing from files of the working folder that its engine knows", async (context) => {
    const program = binary(context);
    using job = await startJob();
    writeFileSync(job.path("work/.env"), "BOT_JOIN_PROXY=evil.test\nBOT_JOIN_TOKEN=evil\n");
    writeFileSync(job.path("work/bunfig.toml"), 'preload = ["./evil.js"]\n');
    writeFileSync(job.path("work/evil.js"), 'console.log("EVIL"); process.exit(0);\n');
    const { BOT_JOIN_TOKEN: _token, BOT_JOIN_PROXY: _proxy, ...env } = job.env;
    const result = await runProgram(program, ["start"], { env, cwd: job.path("work") });
    expect({ status: result.status, stdout: result.stdout }).toEqual({ status: 2, stdout: "" });
    expect(result.stderr).toMatch(/proxy: missing[\s\S]*token: missing/);
  });

  test("checks tokens", async (context) => {
    const program = binary(context);
    using job = await startJob();
    writeFileSync(job.path("work/good.yaml"), testResources);
    writeFileSync(job.path("work/bad.yaml"), testResources.replace("acme/shop", "''"));
    const check = (name: string): Promise<BundleResult> =>
      runProgram(program, ["tokens", "check", job.path(`work/${name}`)], { env: job.env });
    expect(await check("good.yaml")).toMatchObject({ status: 0, stderr: "" });
    expect(await check("bad.yaml")).toMatchObject({ status: 1 });
  });

  test("emulates a cluster and plays the demo, in processes of its own", async (context) => {
    const program = binary(context);
    requireTool(context, "sshd");
    using job = await startJob(emulator, ["sh", "ssh", "sshd", "id"]);
    const { status, stdout, stderr } = await runProgram(program, ["demo"], { env: job.env });
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/\| uid=\d+\(/);
    expect(stdout).toMatch(/Everything worked, and nothing is left of it\.\n$/);
    expect(readdirSync(job.path("tmp"))).toEqual([]);
  });
});

describe.each(shellKinds.filter(({ name }) => name !== "bash"))(
  "the shell core in $name, without Node",
  (kind) => {
    test("downloads the executable, joins, reaches ssh, and leaves nothing", async (context) => {
      const program = binary(context);
      requireTool(context, kind.command[0]);
      const ssh = requireTool(context, "ssh");
      const login = userInfo().username;
      await using cluster = await startOwnEmulator({
        resources: testResources.replace("logins: [root, deploy]", `logins: [${login}]`),
      });
      const content = readFileSync(program);
      const name = targets[own ?? ""]?.file ?? "";
      await using server = await serveFiles(new Map([[name, content]]));
      using job = shellJob(kind, {
        core: filledCore(checksumLine(name, content)),
        programs: [kind.tools === "busybox" ? "wget" : "curl"],
      });
      await using sshd = await startSshd(requireTool(context, "sshd"), job.path("sshd"), {
        userCaPublicKeys: cluster.userCaPublicKeys,
        signHostKey: (key) => cluster.signHostKey(key, ["web-1.bot.test"]),
      });
      cluster.addNode({ hostname: "web-1", uuid: randomUUID(), address: sshd.address });
      writeFileSync(job.path("ca.pem"), cluster.webCaPem);
      const step = `bot_join_run start >/dev/null 2>"$HOME/log" || { cat "$HOME/log"; exit 1; }
"$SSH" -F "$TELEPORT_SSH_CONFIG" -o BatchMode=yes "$LOGIN@web-1.bot.test" echo here
bot_join_run cleanup 2>/dev/null`;
      const result = await job.run(step, {
        BOT_JOIN_DOWNLOAD_URL: server.url,
        ...(await joinVariables(cluster, job.path("ca.pem"))),
        SSH: ssh,
        LOGIN: login,
      });
      expect(result, result.stderr).toMatchObject({ status: 0, stdout: "here\n" });
      expect(server.asked).toEqual([name]);
      expect(job.leftOver()).toEqual([]);
    });
  },
);

describe("executables of other machines", () => {
  test.for(Object.entries(targets))(
    "%s: the header names its machine",
    ([name, { file, machine }], context) => {
      if (!all && name !== own) context.skip("not built: BOT_JOIN_ALL_BINARIES=1 builds all of them");
      binary(context, name);
      const { signature, ...found } = readMachine(readFileSync(join(folder.path, file)));
      expect(found).toEqual(machine);
      // macOS on arm64 starts nothing without a signature; on Intel it starts nothing with a broken one.
      expect(signature).toBe(
        machine.format !== "mach-o" ? undefined : machine.cpu === "arm64" ? "valid" : "none",
      );
    },
  );

  test("musl: runs where musl and its libstdc++ are installed", async (context) => {
    if (!all || process.platform !== "linux") context.skip("not built: BOT_JOIN_ALL_BINARIES=1 builds it");
    const program = binary(context, `linux-${process.arch}-musl`);
    using job = await startJob();
    const ready = await runProgram(program, ["--version"], { env: job.env }).catch(() => undefined);
    if (ready?.status !== 0)
      context.skip("not run: this machine has no musl with libstdc++ (see docs/binaries.md)");
    const joined = await job.start(program);
    expect(joined.status, joined.stderr).toBe(0);
  });
});

/** Starts an emulator of the test's own. */
async function startOwnEmulator(
  options: Partial<Omit<EmulatorOptions, "resources">> & { resources?: string },
): Promise<Emulator> {
  const { parseResources } = await import("@bot-join/resources");
  const { resources = testResources, ...others } = options;
  return startTestEmulator({ ...others, resources: parseResources(resources, "test/binaries.test.ts") });
}
