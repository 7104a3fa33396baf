import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { blocksOf } from "../../docs/pages.ts";
import { findTool } from "../../support/tools.ts";
import type { PlatformCase, PlatformJob, PlatformRun } from "./platform-case.ts";
import { root } from "./platform-job.ts";

const example = "examples/any-ci";

/** What the tokens of the example's CI system say. */
const claims = { iss: "https://ci.example.com", sub: "pipeline:shop:deploy" };

/** Puts programs before those of PATH: `bot-join` as if it were installed, and an ssh whose output is known. */
function programs(job: PlatformJob, sshOutput: string): string {
  const folder = join(job.directory, "programs");
  const bundle = join(job.release, "programs/bot-join.cjs");
  const ssh = findTool("ssh") ?? "ssh";
  const scripts = {
    "bot-join": `exec node '${bundle}' "$@"`,
    ssh: `'${ssh}' "$@" >'${sshOutput}'; status=$?; cat '${sshOutput}'; exit $status`,
  };
  mkdirSync(folder);
  for (const [name, line] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

async function run(job: PlatformJob, script: string, shell: readonly string[]): Promise<PlatformRun> {
  const workspace = join(job.directory, "workspace");
  const sshOutput = join(job.directory, "ssh-output");
  mkdirSync(workspace);
  copyFileSync(join(job.release, "any-ci/bot-join.sh"), join(workspace, "bot-join.sh"));
  const idToken = await job.idToken(claims);
  const tokenFile = join(workspace, "id-token.jwt");
  writeFileSync(tokenFile, idToken, { mode: 0o600 });
  writeFileSync(join(workspace, "pipeline.sh"), job.fit(script));
  const folder = programs(job, sshOutput);
  writeFileSync(sshOutput, "");
  job.prepared();
  const [program = "sh", ...first] = shell;
  const child = spawn(program, [...first, "-eu", "pipeline.sh"], {
    cwd: workspace,
    env: {
      ...job.environment,
      PATH: `${folder}:${job.environment["PATH"] ?? ""}`,
      BOT_JOIN_DOWNLOAD_URL: job.downloadUrl,
      CI_ID_TOKEN: idToken,
      CI_ID_TOKEN_FILE: tokenFile,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
  const printed = existsSync(sshOutput) ? readFileSync(sshOutput, "utf8") : "";
  // It is the test's own, and was empty before the job.
  writeFileSync(sshOutput, "");
  return { exitCode, output, sshOutput: printed };
}

const shells: [string, string[]][] = [
  ["dash", ["dash"]],
  ["busybox sh", ["busybox", "sh"]],
  ["bash", ["bash"]],
];

const pageText = readFileSync(join(root, "docs/any-ci.md"), "utf8");

/** The example in each shell, and every block of the page. */
export const anyCiCases: PlatformCase[] = [
  ...shells.map(
    ([name, shell]): PlatformCase => ({
      name: `any-ci: pipeline.sh in ${name}`,
      platform: "any-ci",
      example,
      run: (job) => run(job, readFileSync(join(root, example, "pipeline.sh"), "utf8"), shell),
    }),
  ),
  ...blocksOf({ path: "docs/any-ci.md", text: pageText })
    .filter(({ language }) => language === "sh")
    .map(
      ({ line, text }): PlatformCase => ({
        name: `any-ci: docs/any-ci.md, line ${line}`,
        platform: "any-ci",
        example,
        run: (job) => run(job, text, ["sh"]),
      }),
    ),
];
