import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { nodePrograms, type RunOptions, runBundle } from "../support/run-bundle.ts";
import { tempDir } from "../support/temp-dir.ts";
import { requireTool } from "../support/tools.ts";

beforeAll(() => {
  // So that no sshd of another test file takes it away at its end.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
});

/** Steps of the story, each with its time. */
const steps = [
  /^1\. A cluster \([\d.]+m?s\)$/m,
  /^2\. A GitHub job \([\d.]+m?s\)$/m,
  /^3\. The job runs the action: join\.cjs, as GitHub's runner starts it$/m,
  /^4\. The next step runs ssh$/m,
  /^5\. The job ends: cleanup\.cjs, the action's post step$/m,
];

for (const node of nodePrograms()) {
  describe(`bot-join demo on ${node.name}`, () => {
    /** Runs the demo with a temporary folder of its own, and expects that nothing stays in it. */
    async function demo(options: Partial<RunOptions>): ReturnType<typeof runBundle> {
      using folder = tempDir();
      const env = { HOME: folder.path, TMPDIR: folder.path, PATH: process.env["PATH"] ?? "", ...options.env };
      const result = await runBundle("bot-join.cjs", {
        ...options,
        node: node.path,
        env,
        args: ["demo", ...(options.args ?? [])],
      });
      expect(readdirSync(folder.path)).toEqual([]);
      expect(`${result.stdout}${result.stderr}`).not.toMatch(/PRIVATE KEY|::add-mask::|eyJ[\w-]{20}/);
      return result;
    }

    test("tells who the job is, why it got in, and opens a shell on a real sshd", async (context) => {
      requireTool(context, "ssh");
      requireTool(context, "sshd");
      const { status, stdout, stderr } = await demo({});
      expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: "" });
      for (const step of steps) expect(stdout).toMatch(step);
      expect(stdout).toContain("repo:octo-org/shop:environment:production");
      expect(stdout).toMatch(
        /rule 1 of token demo-github does not match: repository is octo-org\/shop, not octo-org\/tools/,
      );
      expect(stdout).toMatch(/rule 2 of token demo-github matches/);
      expect(stdout).toContain("so the job is the bot deployer");
      expect(stdout).toMatch(/\| TELEPORT_SSH_CONFIG=\/.*\/ssh_config$/m);
      expect(stdout).toMatch(/\| {3}Logins +\S+$/m);
      expect(stdout).toMatch(/\| uid=\d+\(/);
      expect(stdout).toMatch(/Everything worked, and nothing is left of it\.\n$/);
    });

    test("without ssh: one line says what was left out and how to get it", async () => {
      using folder = tempDir();
      symlinkSync(node.path, join(folder.path, "node"));
      const { status, stdout, stderr } = await demo({ env: { PATH: folder.path } });
      expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: "" });
      expect(stdout.split("\n").filter((line) => line.includes("left out"))).toEqual([
        "   left out: ssh is not installed (Debian: apt-get install openssh-client)",
      ]);
      expect(stdout).toMatch(/Everything worked/);
    });

    test.for(["SIGINT", "SIGTERM"] as const)(
      "--keep goes on until %s, and removes everything then",
      async (signal) => {
        using folder = tempDir();
        let kill = (_: NodeJS.Signals): void => undefined;
        const { status, stdout } = await demo({
          args: ["--keep"],
          env: { PATH: folder.path },
          onStart: (given) => {
            kill = given;
          },
          onOutput: (text) => {
            if (!text.includes("Ctrl-C ends it and removes everything.")) return;
            kill(signal);
            kill = () => undefined;
          },
        });
        expect(status, stdout).toBe(0);
        const [, listed = ""] = /^ {3}ls -l (\/.*)$/m.exec(stdout) ?? [];
        expect(listed).toMatch(/bot-join-default-/);
        expect(existsSync(listed)).toBe(false);
        expect(stdout).toMatch(/Everything worked, and nothing is left of it\.\n$/);
      },
    );

    test("Ctrl-C in the middle: it says so, fails, and removes everything", async () => {
      let kill = (_: NodeJS.Signals): void => undefined;
      const { status, stderr } = await demo({
        onStart: (given) => {
          kill = given;
        },
        onOutput: (text) => {
          if (!text.includes("3. The job runs the action")) return;
          kill("SIGINT");
          kill = () => undefined;
        },
      });
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/interrupted/);
      expect(stderr).not.toMatch(/defect of bot-join/);
    });
  });
}
