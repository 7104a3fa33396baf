import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseOpenSshCertificate } from "@bot-join/formats";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { type Block, blocksOf, pages } from "../docs/pages.ts";
import { type RunningBlock, runBlock, startBlock } from "../docs/shell.ts";
import { startTestEmulator } from "../support/emulator.ts";
import { type BundleResult, runBundle, runProgram } from "../support/run-bundle.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { requireTool } from "../support/tools.ts";

let folder: TempDir;

beforeEach(() => {
  folder = tempDir();
});

afterEach(() => folder[Symbol.dispose]());

async function bots(...args: string[]): Promise<BundleResult> {
  const result = await runBundle("bot-join.cjs", { args: ["bots", ...args], env: {}, cwd: folder.path });
  expect(`${result.stdout}${result.stderr}`).not.toMatch(/defect of bot-join|^\s+at .*:\d+:\d+/m);
  return result;
}

/** Runs a command that has to work and gives what it printed. */
async function said(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await bots(...args, "--state-dir=state");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

interface Added {
  user_name: string;
  role_name: string;
  token_id: string;
  ttl: number;
  join_method: string;
}

async function add(...args: string[]): Promise<Added> {
  return JSON.parse(await said("add", ...args, "--format=json")) as Added;
}

/** An emulator of the folder's state directory. */
async function startState(): Promise<Awaited<ReturnType<typeof startTestEmulator>>> {
  const emulator = await startTestEmulator({
    resources: [],
    stateDirectory: join(folder.path, "state"),
    clusterName: "bot.test",
  });
  writeFileSync(join(folder.path, "ca.pem"), emulator.webCaPem);
  return emulator;
}

function startClient(proxy: string, token: string, ...args: string[]): Promise<BundleResult> {
  return runBundle("bot-join.cjs", {
    args: [
      "start",
      "--oneshot",
      `--proxy-server=${proxy}`,
      `--token=${token}`,
      "--join-method=token",
      "--ca-file=ca.pem",
      "--destination-dir=./identity",
      ...args,
    ],
    env: { HOME: folder.path, TMPDIR: folder.path },
    cwd: folder.path,
  });
}

describe("bots add, ls and rm", () => {
  test("make, list and remove a bot, in tctl's forms", async () => {
    const text = await said("add", "ci-deploy", "--roles=access,auditor", "--logins=root,deploy");
    expect(text).toMatch(/^Token: [0-9a-f]{32} \(join method token, for one join, good until /m);
    const added = await add("nightly", "--roles=access", "--ttl=30m");
    expect(added).toEqual({
      user_name: "bot-nightly",
      role_name: "bot-nightly",
      token_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      ttl: 1_800_000_000_000,
      join_method: "token",
    });
    const inYaml = parse(await said("add", "third", "--roles=editor", "--format=yaml")) as Added;
    expect(inYaml).toMatchObject({ user_name: "bot-third", ttl: 3_600_000_000_000 });
    expect(await said("ls")).toBe(
      [
        "Bot        User           Roles",
        "---------  -------------  --------------",
        "ci-deploy  bot-ci-deploy  access,auditor",
        "nightly    bot-nightly    access",
        "third      bot-third      editor",
        "",
      ].join("\n"),
    );
    const listed = JSON.parse(await said("ls", "--format=json")) as unknown[];
    expect(listed[0]).toEqual({
      kind: "bot",
      version: "v1",
      metadata: { name: "ci-deploy" },
      spec: { roles: ["access", "auditor"], traits: [{ name: "logins", values: ["root", "deploy"] }] },
    });
    const documents = parseAllDocuments(await said("ls", "--format=yaml")) as { toJS(): unknown }[];
    expect(documents.map((document) => document.toJS())).toEqual(listed);
    expect(await said("rm", "third")).toBe('Bot "third" deleted successfully.\n');
    expect(await said("ls")).not.toContain("third");
    // The state is a folder of documents that a person can read.
    expect(readdirSync(join(folder.path, "state/bot")).sort()).toEqual(["ci-deploy.yaml", "nightly.yaml"]);
    expect(parse(readFileSync(join(folder.path, "state/bot/nightly.yaml"), "utf8"))).toMatchObject({
      kind: "bot",
    });
  });

  test("an empty state", async () => {
    mkdirSync(join(folder.path, "state"));
    expect(await said("ls")).toBe("No bots found.\n");
    expect(JSON.parse(await said("ls", "--format=json"))).toEqual([]);
    expect(await said("instances", "list")).toBe("No bot instances found.\n");
    expect(await said("instances", "list", "x")).toBe('No bot instances found with name "x".\n');
    expect(JSON.parse(await said("instances", "list", "--format=json"))).toEqual([]);
  });

  test.for([
    [["ls", "--state-dir=none"], /ERR_CLI_STATE/],
    [["ls"], /required option '--state-dir <dir>' not specified/],
    [["add", "x", "--state-dir=state"], /--roles/],
    [["add", "x", "--roles=,", "--state-dir=state"], /at least one role/],
    [
      ["add", "x", "--roles=acces", "--state-dir=state"],
      /role "acces" is not found.*\nDid you mean "access"\?/,
    ],
    [["add", "x", "--roles=access", "--ttl=1", "--state-dir=state"], /--ttl 1: this is no duration/],
    [["add", "x", "--roles=access", "--ttl=1h", "--token=y", "--state-dir=state"], /Give one of them/],
    [["add", "../x", "--roles=access", "--state-dir=state"], /no name for a bot/],
    [["add", "known", "--roles=access", "--state-dir=state"], /user\/role "bot-known" already exists/],
    [["rm", "knwon", "--state-dir=state"], /bot "knwon" not found.*\nDid you mean "known"\?/],
    [["instances", "show", "known", "--state-dir=state"], /must be: \[bot name\]\/\[uuid\]/],
    [["instances", "show", "known/1", "--state-dir=state"], /bot instance "known\/1" not found/],
    [["instances", "add", "nobody", "--state-dir=state"], /bot "nobody" not found/],
    [
      ["instances", "add", "known", "--token=0123456789abcdef", "--state-dir=state"],
      /token "\*{12}cdef" not found/,
    ],
    [["instances", "add", "known", "--token=for-nodes", "--state-dir=state"], /is not valid for role "Bot"/],
    [
      ["instances", "add", "known", "--token=others", "--state-dir=state"],
      /is valid for bot with name "a", not "known"/,
    ],
    [["instances", "lst"], /unknown command 'lst'/],
  ] as const)("refuses %s", async ([args, message]) => {
    await add("known", "--roles=access");
    const token = (name: string, spec: string): void =>
      writeFileSync(
        join(folder.path, `state/token/${name}.yaml`),
        `{kind: token, version: v2, metadata: {name: ${name}}, spec: {join_method: github, github: {allow: [{repository: a/b}]}, ${spec}}}\n`,
      );
    token("for-nodes", "roles: [Node]");
    token("others", "roles: [Bot], bot_name: a");
    const result = await bots(...args);
    expect(result.stderr).toMatch(message);
    expect({ status: result.status, stdout: result.stdout }).toEqual({ status: 2, stdout: "" });
  });

  test("a file that was edited into something else is named, and the rest goes on", async () => {
    await add("known", "--roles=access");
    writeFileSync(join(folder.path, "state/bot/bad.yaml"), "kind: bot\nversion: v1\nmetadata: [\n");
    const result = await bots("ls", "--state-dir=state");
    expect(result).toMatchObject({ status: 0, stdout: expect.stringContaining("known") });
    expect(result.stderr).toMatch(/bad\.yaml is left out: /);
  });
});

describe("bots and a running emulator", () => {
  test("a bot that was added joins, is listed and shown, and joins no more when it was removed", async () => {
    await using emulator = await startState();
    const { token_id: token } = await add("robot", "--roles=access", "--logins=root");
    const joined = await startClient(emulator.proxyAddress, token);
    expect(joined.status, joined.stderr).toBe(0);
    expect(joined.stdout).toMatch(/^bot=robot$/m);

    const table = await said("instances", "list");
    expect(table).toMatch(/^ID +Join Method +Hostname +Joined +Last Seen +Generation\n-+ {2}/);
    const [, id = ""] = /^(robot\/[0-9a-f-]{36}) +token .* 1$/m.exec(table) ?? [];
    const record = JSON.parse(await said("instances", "show", id, "--format=json")) as object[];
    expect(record).toMatchObject([
      {
        kind: "bot_instance",
        version: "v1",
        spec: { bot_name: "robot", instance_id: id.slice(6) },
        status: { initial_authentication: { generation: 1, join_attrs: { meta: { join_method: "token" } } } },
      },
    ]);
    expect(JSON.parse(await said("instances", "list", "robot", "--format=json"))).toEqual(record);
    expect([parse(await said("instances", "show", id, "--format=yaml"))]).toEqual(record);
    const shown = await said("instances", "show", id);
    expect(shown).toMatch(/^Initial Authentication:\n {2}Authenticated At: +\d{4}-/m);
    expect(shown).toMatch(/^ {2}Public Key: +<\d+ bytes>$/m);
    expect(shown).toMatch(/^Latest Heartbeat:\n {2}Recorded At:/m);
    // The secret is used up, and nowhere.
    expect(`${table}${shown}${JSON.stringify(record)}`).not.toContain(token);

    const another = JSON.parse(await said("instances", "add", "robot", "--format=json")) as Added;
    expect(another).toEqual({
      user_name: "bot-robot",
      role_name: "bot-robot",
      token_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      token_ttl: 3_600_000_000_000,
    });
    const masked = await said("instances", "add", "robot", `--token=${another.token_id}`);
    expect(masked).toContain(`${"*".repeat(24)}${another.token_id.slice(24)}`);
    expect(masked).not.toContain(another.token_id);

    await said("rm", "robot");
    const refused = await startClient(emulator.proxyAddress, another.token_id);
    expect(refused.status, refused.stderr).toBe(3);
  });
});

describe("emulate", () => {
  test("keeps its state, and signs the host key of an sshd", async (context) => {
    const keygen = requireTool(context, "ssh-keygen");
    const key = ["-q", "-t", "ed25519", "-N", "", "-f", "host_key"];
    expect((await runProgram(keygen, key, { env: {}, cwd: folder.path })).status).toBe(0);
    const shell = { cwd: folder.path, env: {}, substitutions: [] as [RegExp, string][] };
    const principals: string[][] = [];
    const authorities = new Set<string>();
    for (const version of ["17", "18"]) {
      const command = `bot-join emulate --state-dir state --cluster local.test --teleport-version ${version} --sign-host-key web-1=host_key.pub`;
      const running = await startBlock(command, shell, "Ctrl-C ends it.");
      expect(running.stdout).toContain("HostCertificate of web-1: host_key-cert.pub\n");
      expect(await running.interrupt()).toBe(0);
      const line = readFileSync(join(folder.path, "host_key-cert.pub"), "utf8").trim();
      const certificate = parseOpenSshCertificate(line);
      expect(certificate.kind).toBe("host");
      principals.push(certificate.principals);
      authorities.add(Buffer.from(certificate.signatureKey).toString("base64"));
      const listing = await runProgram(keygen, ["-L", "-f", "host_key-cert.pub"], {
        env: {},
        cwd: folder.path,
      });
      expect(listing.stdout).toMatch(/host certificate[\s\S]*web-1\.local\.test/);
    }
    expect(principals).toEqual([
      ["web-1.local.test", "web-1"],
      ["web-1.local.test", "web-1"],
    ]);
    // The authorities were kept.
    expect(authorities.size).toBe(1);
  });

  test.for([
    [[], "ERR_CLI_FLAG", /neither --resources nor --state-dir/],
    [["--state-dir=state", "--teleport-version=13"], "ERR_CLI_FLAG", /14, 15, 16, 17 or 18 is possible/],
    [["--state-dir=state", "--sign-host-key=web-1"], "ERR_CLI_FLAG", /hostname=key\.pub/],
    [["--state-dir=state", "--sign-host-key=web-1=none.pub"], "ERR_CLI_FILE", /none\.pub/],
    [["--state-dir=state", "--sign-host-key=web-1=text.pub"], "ERR_CLI_FILE", /text\.pub/],
    [["--state-dir=text.pub"], "ERR_EMULATOR_STATE", /text\.pub/],
  ] as const)("refuses %s", async ([args, code, message]) => {
    writeFileSync(join(folder.path, "text.pub"), "no key\n");
    const result = await runBundle("bot-join.cjs", { args: ["emulate", ...args], env: {}, cwd: folder.path });
    expect(result.stderr).toMatch(message);
    expect(result.stderr).toContain(code);
    expect(result.status).toBe(2);
  });
});

test("docs/bots.md, from the first block to the last", async () => {
  const blocks = pages()
    .filter(({ path }) => path === "docs/bots.md")
    .flatMap(blocksOf);
  const shell = {
    cwd: folder.path,
    env: {},
    substitutions: [[/--port 3080/g, "--port 0"]] as [RegExp, string][],
  };
  let running: RunningBlock | undefined;
  try {
    for (const block of blocks.filter(({ language }) => language === "sh")) {
      if (block.text.startsWith("bot-join emulate")) {
        running = await startBlock(block.text, shell, "Ctrl-C ends it.");
        shell.substitutions.push([/localhost:3080/g, /localhost:\d+/.exec(running.stdout)?.[0] ?? ""]);
        continue;
      }
      const { status, stdout, stderr } = await runBlock(block.text, shell);
      expect(status, `line ${block.line}: ${stdout}${stderr}`).toBe(0);
      const next: Block | undefined = blocks[blocks.indexOf(block) + 1];
      if (next?.language === "text") expect(stdout).toBe(next.text);
      if (block.text.includes("instances list")) expect(stdout).toMatch(/^nightly\/[0-9a-f-]{36} +token/m);
    }
  } finally {
    expect(await running?.interrupt()).toBe(0);
  }
  expect(readdirSync(join(folder.path, "identity"))).toContain("key");
}, 60_000);
