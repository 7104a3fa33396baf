import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import {
  type Emulator,
  type EmulatorOptions,
  platformClaims,
  platforms,
  type ServerMajor,
} from "@bot-join/emulator";
import { parseOpenSshCertificate, readTeleportIdentity } from "@bot-join/formats";
import { parseResources } from "@bot-join/resources";
import { describe, expect, type TestContext, test } from "vitest";
import { startSshd } from "../../packages/cli/src/demo/sshd.ts";
import { targetOf } from "../contract/joined.ts";
import { platformTokens, startTestEmulator } from "../support/emulator.ts";
import { rawJoin, rawJoinRequest, rawKey } from "../support/raw-client.ts";
import { type BundleResult, nodePrograms, runBundle, runProgram } from "../support/run-bundle.ts";
import { systemClock } from "../support/system-clock.ts";
import { tempDir } from "../support/temp-dir.ts";
import { requireTool } from "../support/tools.ts";
import { expectNothingLeaked, privateKeysBelow } from "./secrets.ts";

/** The login that an sshd of this user can give a shell to. */
const login = userInfo().username;

const roles = `
kind: role
version: v7
metadata: {name: ssh-access}
spec:
  allow:
    logins: [${JSON.stringify(login)}]
    node_labels: {'*': '*'}
`;

/** What a bot keeps (outputs.md section 3.2), and the file that is locked. */
const storageFiles = [
  "key",
  "key-cert.pub",
  "key.pub",
  "lock",
  "sshcacerts",
  "tlscacerts",
  "tlscert",
  "tokenhash",
];

const testNode = nodePrograms()[0]?.path ?? process.execPath;

/** A cluster with the bot `ci`, made as an administrator makes it, and a machine that joins it. */
interface Machine extends AsyncDisposable {
  emulator: Emulator;
  /** Made by `bots add`; good for one join. */
  token: string;
  folder: string;
  dataDirectory: string;
  output: string;
  /** Runs `bot-join start` with the flags of the getting-started guide; a flag of undefined is left out. */
  start(flags?: Record<string, string | undefined>, node?: string): Promise<BundleResult>;
}

async function startMachine(
  version: ServerMajor,
  options: { emulator?: Partial<EmulatorOptions>; bot?: string[] } = {},
): Promise<Machine> {
  await using stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(tempDir());
  const stateDirectory = join(folder, "state");
  const emulator = stack.use(
    await startTestEmulator({
      version,
      resources: parseResources(roles, "roles"),
      stateDirectory,
      ...options.emulator,
    }),
  );
  const added = await runBundle("bot-join.cjs", {
    args: [
      "bots",
      "add",
      "ci",
      "--roles=ssh-access",
      `--state-dir=${stateDirectory}`,
      "--format=json",
      ...(options.bot ?? []),
    ],
    env: {},
  });
  const { token_id: token } = JSON.parse(added.stdout) as { token_id: string };
  const machine = join(folder, "machine");
  mkdirSync(machine);
  const caFile = join(folder, "web-ca.pem");
  writeFileSync(caFile, emulator.webCaPem);
  const rest = stack.move();
  const [dataDirectory, output] = [join(machine, "data"), join(machine, "out")];
  return {
    emulator,
    token,
    folder: machine,
    dataDirectory,
    output,
    async start(flags = {}, node = testNode) {
      const all = {
        "data-dir": dataDirectory,
        "destination-dir": output,
        token,
        "proxy-server": emulator.proxyAddress,
        "join-method": "token",
        ...flags,
      };
      const given = Object.entries(all).flatMap(([name, value]) =>
        value === undefined ? [] : [`--${name}=${value}`],
      );
      const result = await runBundle("bot-join.cjs", {
        node,
        args: ["start", ...given, "--oneshot"],
        cwd: machine,
        env: { BOT_JOIN_CA_FILE: caFile, PATH: process.env["PATH"] ?? "" },
      });
      const secrets = [{ what: "the token", value: token }, ...privateKeysBelow(machine)];
      expectNothingLeaked(secrets, [result], machine, []);
      return result;
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

function generationIn(directory: string): number | undefined {
  return readTeleportIdentity(readFileSync(join(directory, "tlscert"), "utf8")).generation;
}

function expectStatus(result: BundleResult, status: number, ...texts: (string | RegExp)[]): void {
  expect(result.status, result.stderr).toBe(status);
  for (const text of texts) expect(result.stderr).toMatch(text);
}

/** Every file below a folder with its bytes. */
function snapshot(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "latin1")]),
  );
}

async function trySsh(context: TestContext, { emulator, folder, output }: Machine): Promise<void> {
  const [sshd, ssh] = [requireTool(context, "sshd"), requireTool(context, "ssh")];
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  await using server = await startSshd(sshd, join(folder, "..", "sshd"), {
    userCaPublicKeys: emulator.userCaPublicKeys,
    signHostKey: (key) => emulator.signHostKey(key, ["web-1.bot.test"]),
  });
  emulator.addNode({ hostname: "web-1", uuid: randomUUID(), address: server.address });
  const env = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/" };
  const args = [
    "-F",
    join(output, "ssh_config"),
    "-o",
    "BatchMode=yes",
    `${login}@web-1.bot.test`,
    "echo",
    "in",
  ];
  expect(await runProgram(ssh, args, { env })).toMatchObject({ status: 0, stdout: "in\n" });
}

describe.each(nodePrograms())("the getting-started guide on $name", ({ path: node }) => {
  test.for<[ServerMajor]>([["14"], ["16"], ["18"]])("Teleport %s", async ([version], context) => {
    await using machine = await startMachine(version);
    const { emulator, dataDirectory, output, token } = machine;
    expectStatus(await machine.start({}, node), 0, /Joined bot\.test as bot ci/);
    await trySsh(context, machine);

    expect(readdirSync(dataDirectory).sort()).toEqual(storageFiles);
    expect(statSync(dataDirectory).mode & 0o777).toBe(0o700);
    for (const name of storageFiles)
      expect([name, statSync(join(dataDirectory, name)).mode & 0o777]).toEqual([name, 0o600]);
    const kept = snapshot(dataDirectory);
    expect(kept["tokenhash"]).toBe(createHash("sha256").update(token).digest("hex"));
    expect(kept["sshcacerts"]?.split("$").map((line) => line.split(" ").length)).toEqual([2, 2]);
    expect(kept["tlscacerts"]?.split("$").map((pem) => pem.slice(0, 27))).toEqual(
      Array(2).fill("-----BEGIN CERTIFICATE-----"),
    );
    expect(parseOpenSshCertificate(kept["key-cert.pub"] ?? "").extensions["generation"]).toBe("1");
    expect(generationIn(dataDirectory)).toBe(1);

    // The token is gone: the same command renews, and without the token it does too.
    for (const [generation, flags] of [
      [2, {}],
      [3, { token: undefined, "data-dir": undefined, storage: `file://${dataDirectory}` }],
    ] as const) {
      rmSync(output, { recursive: true });
      expectStatus(
        await machine.start(flags, node),
        0,
        /Renewed the identity of bot ci in bot\.test, kept in/,
      );
      expect(generationIn(dataDirectory)).toBe(generation);
      expect(readFileSync(join(dataDirectory, "key"), "latin1")).toBe(kept["key"]);
      expect(existsSync(join(output, "identity"))).toBe(true);
    }
    expect(readdirSync(dataDirectory).sort()).toEqual(storageFiles);

    const instances = emulator.botInstances("ci");
    expect(instances).toHaveLength(version === "14" ? 0 : 1);
    for (const { latestAuthentications, latestHeartbeats, serviceHealth } of instances) {
      expect(latestAuthentications.map(({ generation }) => generation)).toEqual([1, 2, 3]);
      expect(latestHeartbeats).toHaveLength(3);
      expect(latestHeartbeats.at(-1)).toMatchObject({
        isStartup: true,
        oneShot: true,
        joinMethod: "token",
        os: "linux",
        version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
        kind: "unspecified",
      });
      expect(serviceHealth.map(({ service }) => service)).toEqual(
        version === "18" ? [{ type: "identity", name: "identity-1" }] : [],
      );
    }
  });
});

describe("a copied data directory", () => {
  test.each<ServerMajor>(["14", "18"])("meets the lock of Teleport %s, and is told why", async (version) => {
    await using machine = await startMachine(version);
    expectStatus(await machine.start(), 0);
    const copy = join(machine.folder, "copy");
    cpSync(machine.dataDirectory, copy, { recursive: true });
    expectStatus(await machine.start(), 0);
    const before = snapshot(copy);
    expectStatus(
      await machine.start({ "data-dir": copy, "destination-dir": join(machine.folder, "out2") }),
      3,
      /cert generation mismatch.*stored=2, presented=1/,
      /ERR_JOIN_GENERATION_MISMATCH/,
      /data directory was copied/,
      /tctl rm lock/,
    );
    expect(snapshot(copy)).toEqual(before);
    expect(existsSync(join(machine.folder, "out2"))).toBe(false);
    expectStatus(await machine.start(), 3, /ERR_JOIN_CERTIFICATES_REFUSED/, /tctl get locks/);
    expect(generationIn(machine.dataDirectory)).toBe(2);
  });
});

describe("a data directory", () => {
  test("is kept up by a join with another token", async () => {
    await using machine = await startMachine("18");
    expectStatus(await machine.start(), 0);
    const key = readFileSync(join(machine.dataDirectory, "key"), "utf8");
    const token = `{kind: token, version: v2, metadata: {name: second-secret-of-ci}, spec: {roles: [Bot], bot_name: ci, join_method: token}}`;
    machine.emulator.addResources(parseResources(token, "second token"));
    expectStatus(
      await machine.start({ token: "second-secret-of-ci" }),
      0,
      /joined with another token: joining anew/,
      /Joined bot\.test/,
    );
    expect(generationIn(machine.dataDirectory)).toBe(1);
    expect(readFileSync(join(machine.dataDirectory, "key"), "utf8")).not.toBe(key);
    expect(machine.emulator.botInstances("ci")).toHaveLength(2);
  });

  test("keeps nothing in memory, and the used token is explained", async () => {
    await using machine = await startMachine("18");
    const flags = { "data-dir": "memory://" };
    expectStatus(await machine.start(flags), 0);
    expect(readdirSync(machine.folder)).toEqual(["out"]);
    expectStatus(
      await machine.start(flags),
      3,
      /ERR_JOIN_TOKEN_NOT_FOUND/,
      /once, and is gone then/,
      /--data-dir=DIR/,
    );
    expectStatus(
      await machine.start(),
      3,
      /ERR_JOIN_TOKEN_NOT_FOUND/,
      /There is no identity in .*\/data that could be renewed/,
    );
    expect(existsSync(machine.dataDirectory)).toBe(false);
  });

  test("with an identity that has expired", async () => {
    const clock = { ...systemClock, now: () => new Date(systemClock.now().getTime() - 3_600_000) };
    await using machine = await startMachine("18", { emulator: { clock }, bot: ["--max-session-ttl=1m"] });
    // Good for a minute by the cluster's clock, which is an hour behind this machine's.
    expectStatus(await machine.start(), 0, /clock is 1h.* ahead/);
    expect(generationIn(machine.dataDirectory)).toBe(1);
    expectStatus(await machine.start({ token: undefined }), 2, /ERR_RUN_TOKEN_MISSING/, /expired at/);
    expectStatus(
      await machine.start(),
      3,
      /ERR_JOIN_TOKEN_NOT_FOUND/,
      /could not be renewed, since it expired at/,
    );
  });

  test("of somebody else, in part or as something else is refused, and nothing in it changes", async () => {
    await using machine = await startMachine("18");
    const cases: [what: string, make: (folder: string) => void, ...texts: RegExp[]][] = [
      [
        "foreign",
        (folder) => writeFileSync(join(folder, "notes.txt"), "mine"),
        /ERR_OUTPUT_DATA_DIRECTORY/,
        /other files \(notes\.txt\)/,
      ],
      [
        "in part",
        (folder) => {
          writeFileSync(join(folder, "key"), "x");
          writeFileSync(join(folder, "tlscert"), "");
        },
        /ERR_OUTPUT_DATA_DIRECTORY/,
        /tlscert, key-cert\.pub, .*tokenhash are missing or empty/,
      ],
      [
        "of no use",
        (folder) => {
          for (const name of storageFiles.slice(0, -1)) writeFileSync(join(folder, name), "x");
          writeFileSync(join(folder, "tokenhash"), createHash("sha256").update(machine.token).digest("hex"));
        },
        /ERR_JOIN_STORED_IDENTITY/,
      ],
    ];
    for (const [what, make, ...texts] of cases) {
      const folder = join(machine.folder, what);
      mkdirSync(folder, { mode: 0o700 });
      make(folder);
      const before = snapshot(folder);
      expectStatus(await machine.start({ "data-dir": folder }), 2, ...texts);
      expect(snapshot(folder)).toEqual(before);
      expect(existsSync(machine.output)).toBe(false);
    }
    const file = join(machine.folder, "file");
    writeFileSync(file, "");
    expectStatus(await machine.start({ "data-dir": file }), 2, /The data directory .* is not a directory/);
    expectStatus(await machine.start({ "data-dir": "kubernetes-secret:///x" }), 2, /ERR_RUN_DATA_DIRECTORY/);
    expectStatus(
      await machine.start({ "data-dir": machine.output }),
      2,
      /the bot's own identity and an output as well/,
      /ERR_RUN_DATA_DIRECTORY/,
    );
    expectStatus(await machine.start({ token: undefined }), 2, /ERR_RUN_TOKEN_MISSING/);
    // The token has outlived all of it.
    expectStatus(await machine.start(), 0);
  });

  test("in which tbot stored the identity of another join method", async () => {
    await using machine = await startMachine("18");
    const token = platformTokens["gitlab"]?.replace("bot_name: robot", "bot_name: ci") ?? "";
    machine.emulator.addResources(parseResources(token, "gitlab"));
    const idToken = await machine.emulator.issuer(platforms.gitlab.issuer).sign(platformClaims("gitlab"));
    const key = rawKey();
    const request = rawJoinRequest(key, { token: "gitlab", id_token: idToken });
    const { body } = await rawJoin(targetOf(machine.emulator), request);
    const certs = JSON.parse(body) as {
      ssh: string;
      tls: string;
      ssh_ca_certs: string[];
      tls_ca_certs: string[];
    };
    const text = (base64: string): string => Buffer.from(base64, "base64").toString();
    mkdirSync(machine.dataDirectory, { mode: 0o700 });
    for (const [name, content] of Object.entries({
      key: key.privateKeyPem,
      "key.pub": key.publicKeyLine,
      "key-cert.pub": text(certs.ssh),
      tlscert: text(certs.tls),
      sshcacerts: certs.ssh_ca_certs.map(text).join("$"),
      tlscacerts: certs.tls_ca_certs.map(text).join("$"),
      tokenhash: createHash("sha256").update("gitlab").digest("hex"),
    }))
      writeFileSync(join(machine.dataDirectory, name), content);
    expectStatus(
      await machine.start({ token: undefined }),
      2,
      /ERR_JOIN_STORED_IDENTITY/,
      /cannot be renewed/,
    );
    // A token of its own is a reason to join anew.
    expectStatus(await machine.start(), 0, /joined with another token/);
    expect(generationIn(machine.dataDirectory)).toBe(1);
    expectStatus(await machine.start(), 0, /Renewed the identity/);
  });

  test("that tbot has locked is left alone", async (context) => {
    const flock = requireTool(context, "flock");
    await using machine = await startMachine("18");
    mkdirSync(machine.dataDirectory, { mode: 0o700 });
    const tbot = spawn(flock, [join(machine.dataDirectory, "lock"), "cat"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    tbot.stdin.write("\n");
    await once(tbot.stdout, "data");
    expectStatus(await machine.start(), 2, /ERR_OUTPUT_DIRECTORY_BUSY/, /probably tbot/);
    tbot.stdin.end();
    await once(tbot, "close");
    expectStatus(await machine.start(), 0);
  });

  test("is of no use to other join methods, and not made", async () => {
    await using machine = await startMachine("18");
    const idToken = join(machine.folder, "id-token");
    writeFileSync(idToken, "eyJ");
    const flags = { "join-method": "github", "id-token-file": idToken };
    expectStatus(await machine.start(flags), 2, /data-dir has no effect/);
    expectStatus(await machine.start({ ...flags, token: undefined }), 2, /ERR_RUN_TOKEN_MISSING/);
    expect(existsSync(machine.dataDirectory)).toBe(false);
  });
});
