import { createHash, generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { networkInterfaces, userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Emulator } from "@bot-join/emulator";
import { signOpenSshCertificate } from "@bot-join/formats";
import { parseResources } from "@bot-join/resources";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { type DemoSshd, startSshd } from "../../packages/cli/src/demo/sshd.ts";
import { startTestEmulator } from "../support/emulator.ts";
import { type BundleResult, bundlePath, nodePrograms, runBundle, runProgram } from "../support/run-bundle.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { findTool, requireTool } from "../support/tools.ts";
import { expectSuccess, type Job, startJob } from "./job.ts";

/** The login that an sshd of this user can give a shell to. */
const login = userInfo().username;

const loginRole = `
kind: role
version: v6
metadata: {name: ssh-access}
spec:
  allow:
    logins: [${JSON.stringify(login)}, deploy]
    node_labels: {'*': '*'}
`;

const principals = ["web-1.bot.test", "web-1", "web-2.bot.test", "::1.bot.test"];

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === "::1"),
);

let folder: TempDir;
let emulators: Emulator[];
let servers: DemoSshd[];
let bridges: Server[];

/** Forwards a port of ::1 to the sshd, which listens on IPv4 alone. */
async function bridgeFromIpv6(target: string): Promise<Server> {
  const [host = "", port = ""] = target.split(":");
  const server = createServer((socket) => {
    const onward = connect(Number(port), host);
    for (const each of [socket, onward]) each.on("error", () => each.destroy());
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "::1", resolve));
  return server;
}

beforeAll(async () => {
  // So that no sshd of another test file takes it away at its end.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  folder = tempDir();
  emulators = [];
  servers = [];
  bridges = [];
  const sshd = findTool("sshd");
  const stranger = generateKeyPairSync("ed25519");
  for (const version of ["14", "18"] as const) {
    const emulator = await startTestEmulator({ version });
    emulators.push(emulator);
    emulator.addResources(parseResources(loginRole, "ssh.test.ts"));
    if (sshd === undefined) continue;
    const trust = { userCaPublicKeys: emulator.userCaPublicKeys };
    const good = await startSshd(sshd, join(folder.path, `sshd-${version}`), {
      ...trust,
      signHostKey: (key) => emulator.signHostKey(key, principals),
    });
    const false_ = await startSshd(sshd, join(folder.path, `false-sshd-${version}`), {
      ...trust,
      signHostKey: (publicKey) =>
        signOpenSshCertificate(
          {
            publicKey,
            serial: 1n,
            kind: "host",
            keyId: "false",
            principals: ["false.bot.test"],
            validAfter: 0n,
            validBefore: 2n ** 64n - 1n,
            criticalOptions: {},
            extensions: {},
          },
          stranger.privateKey,
        ),
    });
    servers.push(good, false_);
    emulator.addNode({ hostname: "web-1", uuid: randomUUID(), address: good.address });
    emulator.addNode({ hostname: "web-2", uuid: randomUUID(), address: good.address, port: 2222 });
    emulator.addNode({ hostname: "false", uuid: randomUUID(), address: false_.address });
    if (!hasIpv6) continue;
    const bridge = await bridgeFromIpv6(good.address);
    bridges.push(bridge);
    const { port } = bridge.address() as AddressInfo;
    emulator.addNode({ hostname: "six", uuid: randomUUID(), address: `[::1]:${port}` });
  }
});

afterAll(async () => {
  for (const bridge of bridges) bridge.close();
  for (const server of servers) await server[Symbol.asyncDispose]();
  for (const emulator of emulators) await emulator[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** What a later step of the job finds in its environment. */
const stepEnv = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/" };

for (const node of nodePrograms()) {
  describe.each([
    ["14", 0],
    ["18", 1],
  ] as const)(`OpenSSH through the ProxyCommand on ${node.name}, Teleport %s`, (version, index) => {
    let job: Job;
    let directory: string;
    let config: string;
    let proxy: string;
    beforeAll(async () => {
      const emulator = emulators[index] as Emulator;
      proxy = emulator.proxyAddress;
      job = await startJob(emulator, { node: node.path });
      expectSuccess(await job.run());
      directory = job.github.readOutputs()["directory"] ?? "";
      config = job.github.readExports()["TELEPORT_SSH_CONFIG"] ?? "";
    });
    afterAll(() => job[Symbol.asyncDispose]());

    function ssh(context: TestContext, args: string[], file = config): Promise<BundleResult> {
      requireTool(context, "sshd");
      return runProgram(requireTool(context, "ssh"), ["-F", file, "-o", "BatchMode=yes", ...args], {
        env: stepEnv,
      });
    }

    test("a command on a node, its output and its status", async (context) => {
      const target = `${login}@web-1.bot.test`;
      expect(await ssh(context, [target, "true"])).toEqual({
        status: 0,
        signal: null,
        stdout: "",
        stderr: "",
      });
      expect(await ssh(context, [target, "echo out; echo err >&2; exit 7"])).toMatchObject({
        status: 7,
        stdout: "out\n",
        stderr: "err\n",
      });
    });

    test("a host name that nobody has: one line says so, and ssh ends", async (context) => {
      const { status, stdout, stderr } = await ssh(context, [`${login}@nope.bot.test`, "true"]);
      expect({ status, stdout }).toEqual({ status: 255, stdout: "" });
      const [line = "", ...rest] = stderr.trimEnd().split(/\r?\n/);
      expect(line).toContain(
        `bot-join: The proxy ${proxy} did not connect to nope:3022 in cluster bot.test: `,
      );
      expect(line).toMatch(/Check the host name/);
      // The rest is ssh's own.
      expect(rest.filter((each) => !/^(kex_exchange_identification|Connection closed)/.test(each))).toEqual(
        [],
      );
    });

    // The versions differ in how a node is looked up, not in what follows.
    if (version === "14") return;

    test("a node that is registered with another port", async (context) => {
      expectSuccess(await ssh(context, ["-p", "2222", `${login}@web-2.bot.test`, "true"]));
      expect((await ssh(context, ["-p", "2022", `${login}@web-2.bot.test`, "true"])).status).toBe(255);
    });

    test("a node at an IPv6 address", async (context) => {
      if (!hasIpv6) context.skip("this machine has no ::1");
      expectSuccess(await ssh(context, [`${login}@::1.bot.test`, "true"]));
    });

    test("20 MB by scp, there and back, byte by byte", async (context) => {
      requireTool(context, "sshd");
      const scp = requireTool(context, "scp");
      const bytes = randomBytes(20_000_000);
      const path = (name: string): string => join(job.workspace, name);
      writeFileSync(path("sent"), bytes);
      const remote = (name: string): string => `${login}@web-1.bot.test:${path(name)}`;
      for (const [from, to] of [
        [path("sent"), remote("there")],
        [remote("there"), path("back")],
      ] as const) {
        expectSuccess(await runProgram(scp, ["-q", "-B", "-F", config, from, to], { env: stepEnv }));
      }
      const digest = (data: Buffer): string => createHash("sha256").update(data).digest("hex");
      expect(digest(readFileSync(path("back")))).toBe(digest(bytes));
    });

    test.for(["bot-join.cjs", "ssh-proxy.cjs"])(
      "a bare name with --cluster, %s being the ProxyCommand of a file of one's own",
      async (bundle, context) => {
        const command = [
          node.path,
          bundlePath(bundle),
          ...(bundle === "bot-join.cjs" ? ["ssh-proxy-command"] : []),
          `--destination-dir=${directory}`,
          `--proxy-server=${proxy}`,
          "--cluster=bot.test --user=%r --host=%h --port=0",
        ].join(" ");
        const file = join(job.workspace, `own-config-${bundle}`);
        writeFileSync(
          file,
          `Host web-1\n  HostKeyAlias web-1.bot.test\nHost web-2\n  HostKeyAlias web-2.bot.test\n` +
            `Host web-*\n  ProxyCommand ${command}\n  UserKnownHostsFile ${directory}/known_hosts\n` +
            `  IdentityFile ${directory}/key\n  CertificateFile ${directory}/key-cert.pub\n`,
        );
        expectSuccess(await ssh(context, [`${login}@web-1`, "true"], file));
        expectSuccess(await ssh(context, [`${login}@web-2`, "true"], file));
      },
    );

    test("the cluster's own ssh_config, included for bare names", async (context) => {
      const file = join(job.workspace, "including-config");
      writeFileSync(file, `Host web-1\n  Include ${directory}/bot.test.ssh_config\n`);
      expectSuccess(await ssh(context, [`${login}@web-1`, "true"], file));
    });

    test("a login that the certificate does not hold: sshd refuses it", async (context) => {
      const { status, stderr } = await ssh(context, ["daemon@web-1.bot.test", "true"]);
      expect(status).toBe(255);
      expect(stderr).toContain("Permission denied (publickey");
    });

    test("a node whose host key another authority vouches for: ssh refuses it", async (context) => {
      const { status, stderr } = await ssh(context, [`${login}@false.bot.test`, "true"]);
      expect(status).toBe(255);
      expect(stderr).toContain("Host key verification failed");
    });

    test("after the post step there is no identity any more, and one line says so", async () => {
      await using ended = await startJob(emulators[index] as Emulator, { node: node.path });
      expectSuccess(await ended.run());
      const gone = ended.github.readOutputs()["directory"] ?? "";
      expectSuccess(await ended.post());
      const result = await runBundle("ssh-proxy.cjs", {
        node: node.path,
        env: {},
        args: [`--destination-dir=${gone}`, `--proxy-server=${proxy}`, "--host=web-1.bot.test"],
      });
      expect(result).toMatchObject({ status: 1, stdout: "" });
      expect(result.stderr).toMatch(/^bot-join: The identity in .* cannot be read: ENOENT.* Join first.*\n$/);
    });
  });

  describe.each(["bot-join.cjs", "ssh-proxy.cjs"])(`%s as ProxyCommand on ${node.name} refuses`, (bundle) => {
    const run = (args: string[]): Promise<BundleResult> =>
      runBundle(bundle, {
        node: node.path,
        env: {},
        args: [...(bundle === "bot-join.cjs" ? ["ssh-proxy-command"] : []), ...args],
      });
    const expired = fileURLToPath(new URL("../vectors/outputs/identity", import.meta.url));

    test("an identity that has expired, before anything is dialled", async () => {
      const { status, stdout, stderr } = await run([
        `--destination-dir=${expired}`,
        "--proxy-server=localhost:1",
        "--user=root",
        "--host=web-1.bot.test",
      ]);
      expect(status).not.toBe(0);
      expect(stdout).toBe("");
      expect(stderr).toMatch(/^(bot-join|error): The identity in .* expired at 2026-\S+Z\.\s+Join again/);
    });

    test("a proxy that nobody runs, and flags that are missing", async () => {
      await using job = await startJob(emulators[1] as Emulator, { node: node.path });
      expectSuccess(await job.run());
      const { directory } = job.github.readOutputs();
      const args = [`--destination-dir=${directory}`, "--user=root", "--host=web-1.bot.test"];
      const unreachable = await run([...args, "--proxy-server=localhost:1"]);
      expect(unreachable.status).not.toBe(0);
      expect(unreachable.stderr).toMatch(/localhost:1 cannot be reached: .*ECONNREFUSED/);
      const missing = await run(args);
      expect(missing.status).not.toBe(0);
      expect(missing.stderr).toMatch(/--proxy-server/);
    });
  });
}
