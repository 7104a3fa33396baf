import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { type Emulator, type GitHubJob, githubClaims, startGitHubJob } from "@bot-join/emulator";
import { parseResources } from "@bot-join/resources";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { type DemoSshd, startSshd } from "../../packages/cli/src/demo/sshd.ts";
import { githubIssuer, startTestEmulator } from "../support/emulator.ts";
import { bundlePath } from "../support/run-bundle.ts";
import { systemClock } from "../support/system-clock.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { findTool, requireTool } from "../support/tools.ts";
import { type Block, blocksOf, examples, pages, root } from "./pages.ts";
import { runBlock, type Shell, startBlock } from "./shell.ts";

const shellBlocks = pages()
  .flatMap(blocksOf)
  .filter(({ language }) => language === "sh");

/** Blocks that are not run here, by how they begin, and why. */
const notRun: readonly [start: string, why: string][] = [["npm cit", "it is what runs this test"]];

function on(page: string): Block[] {
  return shellBlocks.filter((block) => block.page === page);
}

function text(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The flags that a command's help knows. */
function flagsOf(command: string): Set<string> {
  const help = execFileSync(process.execPath, [bundlePath("bot-join.cjs"), ...command.split(" "), "--help"], {
    encoding: "utf8",
  });
  return new Set(help.match(/(?<![\w-])--?[a-z][a-z-]*/g) ?? []);
}

describe("words of commands", () => {
  const commands = [
    ...["start", "configure", "cleanup", "kube credentials", "emulate", "ssh-proxy-command", "demo"],
    ...["check", "explain", "suggest", "convert", "schema"].map((name) => `tokens ${name}`),
    ...["add", "ls", "rm", "instances list", "instances show", "instances add"].map((name) => `bots ${name}`),
  ];
  const flags = new Map(commands.map((command) => [command, flagsOf(command)]));
  const lines = [...pages().flatMap(blocksOf), ...examples().map((file) => ({ ...file, line: 1 }))]
    .flatMap((block) => block.text.split("\n"))
    .filter((line) => /bot-join(?:\.cjs)? [a-z]/.test(line));

  test("there are some", () => {
    expect(lines.length).toBeGreaterThan(8);
  });

  test.each(lines)("%s", (line) => {
    const [, said = ""] = /bot-join(?:\.cjs)? ([a-z-].*)$/.exec(line) ?? [];
    const command = commands.find((name) => `${said} `.startsWith(`${name} `)) ?? said;
    expect(commands).toContain(command);
    const rest = said.slice(command.length);
    for (const [flag] of rest.matchAll(/(?<=\s)--?[a-z][a-z-]*/g)) {
      expect([...(flags.get(command) ?? [])]).toContain(flag);
    }
  });

  test("flags that the pages of the commands name exist", () => {
    const all = [...flags.values()].flatMap((set) => [...set]);
    for (const path of ["docs/command-line.md", "docs/emulator.md", "docs/tokens.md", "docs/bots.md"]) {
      for (const [, flag] of text(path).matchAll(/`(--[a-z][a-z-]*)/g)) expect(all, path).toContain(flag);
    }
  });

  test("versions that the emulator's page names are those of --teleport-version", () => {
    const [, named] = /`--teleport-version` is (.*?) \(default/.exec(text("docs/emulator.md")) ?? [];
    const help = execFileSync(process.execPath, [bundlePath("bot-join.cjs"), "emulate", "--help"], {
      encoding: "utf8",
    });
    expect(help.replace(/\s+/g, " ")).toContain(`version to emulate: ${named} (default`);
  });
});

/** A joined job with nodes, in the cluster that the pages call example.teleport.sh. */
describe("blocks that are run", () => {
  const login = userInfo().username;
  let folder: TempDir;
  let emulator: Emulator;
  let job: GitHubJob;
  let node: DemoSshd | undefined;
  let shell: Shell;

  beforeAll(async () => {
    folder = tempDir();
    const path = (name: string): string => join(folder.path, name);
    const readme = blocksOf({ path: "README.md", text: text("README.md") });
    const documents = readme.find((block) => block.text.startsWith("kind: role"))?.text ?? "";
    const secretToken = `kind: token
version: v2
metadata: {name: secret-of-this-test}
spec: {roles: [Bot], bot_name: ci-deploy, join_method: token}
`;
    const ours = `${documents.replace("logins: [deploy]", `logins: [${JSON.stringify(login)}]`)}---\n${secretToken}`;
    mkdirSync(path("resources"));
    writeFileSync(path("resources/all.yaml"), ours);
    for (const name of ["dist", "examples"]) symlinkSync(join(root, name), path(name));
    emulator = await startTestEmulator({
      clusterName: "example.teleport.sh",
      resources: parseResources(ours, "README.md"),
    });
    const sshd = findTool("sshd");
    if (sshd !== undefined) {
      if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
      node = await startSshd(sshd, path("sshd"), {
        userCaPublicKeys: emulator.userCaPublicKeys,
        signHostKey: (key) =>
          emulator.signHostKey(key, ["web-1.example.teleport.sh", "web-2.example.teleport.sh"]),
      });
      emulator.addNode({ hostname: "web-1", uuid: randomUUID(), address: node.address });
      emulator.addNode({ hostname: "web-2", uuid: randomUUID(), address: node.address, port: 2222 });
    }
    const claims = { repository: "octo-org/shop", environment: "production" };
    const issuer = emulator.issuer(githubIssuer);
    job = await startGitHubJob({ issuer, clock: systemClock, directory: folder.path, claims });
    writeFileSync(path("web-ca.pem"), emulator.webCaPem);
    writeFileSync(path("site.tar.gz"), "a site");
    mkdirSync(path("there"));
    mkdirSync(path("public"));
    writeFileSync(path("public/index.html"), "a page");
    execFileSync("git", ["init", "--quiet", "--bare", path("site.git")]);
    writeFileSync(
      path("id-token.jwt"),
      await issuer.sign({ ...githubClaims(claims), aud: "teleport.cluster.local" }),
    );
    shell = {
      cwd: folder.path,
      env: {
        ...job.env,
        NODE_EXTRA_CA_CERTS: path("web-ca.pem"),
        SECRET_TOKEN: "secret-of-this-test",
        TELEPORT_SSH_CONFIG: path("joined/ssh_config"),
      },
      substitutions: [
        [/example\.teleport\.sh:443/g, emulator.proxyAddress],
        [/localhost:3080/g, emulator.proxyAddress],
        [/--port 3080/g, "--port 0"],
        [/\bdeploy@/g, `${login}@`],
        [/ \.\/deploy$/gm, " true"],
        [/:\/tmp\//g, `:${path("there")}/`],
        [/\/srv\/git\/site\.git/g, path("site.git")],
        [/\/srv\/www\//g, path("www/")],
      ],
    };
    const join_ = `bot-join start --proxy ${emulator.proxyAddress} --token ci-deploy --directory joined`;
    expect(await runBlock(join_, shell)).toMatchObject({ status: 0 });
  });

  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await job[Symbol.asyncDispose]();
    await emulator[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  /** Programs that a block needs. */
  function requireTools(context: TestContext, { text: block }: Block): void {
    if (/^rsync /m.test(block)) requireTool(context, "rsync");
    if (/^(ssh|scp|git) |GIT_SSH/m.test(block))
      for (const name of ["ssh", "sshd"]) requireTool(context, name);
  }

  async function runs(context: TestContext, block: Block): Promise<void> {
    const reason = notRun.find(([start]) => block.text.startsWith(start))?.[1];
    if (reason !== undefined) context.skip(reason);
    requireTools(context, block);
    if (block.text.startsWith("bot-join emulate")) {
      const running = await startBlock(block.text, shell, "Ctrl-C ends it.");
      expect(running.stdout).toContain("proxy localhost:");
      expect(await running.interrupt()).toBe(0);
      return;
    }
    const { status, stdout, stderr } = await runBlock(block.text, shell);
    expect(status, `${stdout}${stderr}`).toBe(0);
  }

  for (const page of ["README.md", "docs/ssh.md", "docs/command-line.md"]) {
    test.for(on(page))(`${page}, line $line`, (block, context) => runs(context, block));
  }

  test("what they were to leave is there", () => {
    expect(existsSync(join(folder.path, "there/site.tar.gz"))).toBe(true);
    expect(existsSync(join(folder.path, "www/index.html"))).toBe(true);
    expect(JSON.parse(readFileSync(join(folder.path, "join.json"), "utf8"))).toMatchObject({
      bot: "ci-deploy",
      cluster: "example.teleport.sh",
    });
  });
});

test("docs/emulator.md, from the first block to the last", async () => {
  using folder = tempDir();
  for (const name of ["dist", "examples"]) symlinkSync(join(root, name), join(folder.path, name));
  const [start, ...others] = on("docs/emulator.md");
  const shell: Shell = { cwd: folder.path, env: {}, substitutions: [[/--port 3080/g, "--port 0"]] };
  const running = await startBlock(start?.text ?? "", shell, "Ctrl-C ends it.");
  try {
    const [, proxy = ""] = /proxy (localhost:\d+)/.exec(running.stdout) ?? [];
    shell.substitutions = [[/localhost:3080/g, proxy]];
    expect(others.length).toBe(3);
    for (const { text: block, line } of others) {
      const { status, stdout, stderr } = await runBlock(block, shell);
      expect(status, `line ${line}: ${stdout}${stderr}`).toBe(0);
    }
    for (const name of ["identity", "by-secret"]) {
      expect(existsSync(join(folder.path, name, "key"))).toBe(true);
    }
  } finally {
    expect(await running.interrupt()).toBe(0);
  }
});
