import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import type { BundleResult } from "../../support/run-bundle.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import type { ResolvedJob } from "./gitlab-runner.ts";
import type { PlatformJob } from "./platform-case.ts";

const require = createRequire(import.meta.url);
const program = require.resolve("gitlab-ci-local");

/** Where the tool keeps what it fetched and what jobs printed; the job itself has no use for it. */
const stateDirectory = ".gitlab-ci-local";

/** The tool takes seconds to start on a busy machine, and jobs join in between. */
const hungAfterMs = 55_000;

/** What one run of a pipeline is given. */
interface GitlabRun {
  /** Variables of the job beside those of GitLab: the ID token among them. */
  variables: Readonly<Record<string, string>>;
  /** Options of gitlab-ci-local. */
  options?: readonly string[];
}

/** The checkout of acme/shop, in which gitlab-ci-local runs pipelines with the shell of this machine. */
export interface GitlabProject extends Disposable {
  /** Folder of the checkout, which is the job's `CI_PROJECT_DIR`. */
  path: string;
  /** Runs the job of a pipeline file. */
  run(run: GitlabRun): Promise<BundleResult>;
  /** The pipeline with everything resolved, as GitLab hands it to a runner. Throws when it is not accepted. */
  resolve(): Promise<Record<string, ResolvedJob>>;
  /** What a job printed, line by line, its commands marked by `$ `. */
  log(job: string): string[];
}

/** Answers git as gitlab.com would, from the folders beside it. Its last argument is `git-upload-… '/acme/bot-join.git'`. */
const fakeSsh = `#!/bin/sh
for last; do :; done
eval "set -- $last"
path=\${2#/}
exec git "\${1#git-}" "\${0%/*}/\${path%.git}.git"
`;

function git(folder: string, ...args: string[]): void {
  const identity = [
    "-c",
    "user.name=Dana",
    "-c",
    "user.email=dana@example.com",
    "-c",
    "init.defaultBranch=main",
  ];
  execFileSync("git", [...identity, ...args], { cwd: folder, stdio: "pipe" });
}

/** Commits everything in a folder to a new repository. */
function commit(folder: string): void {
  git(folder, "init", "--quiet");
  git(folder, "add", "--all");
  git(folder, "commit", "--quiet", "--message", "Everything");
}

/** The versions of the component that a pipeline asks for. */
function versionsIn(pipeline: string): string[] {
  const found = [
    ...pipeline.matchAll(/\/bot-join\/join@([\w.]+)/g),
    ...pipeline.matchAll(/\bref: ([\w.]+)/g),
  ];
  return [...new Set(found.map(([, version = ""]) => version))];
}

/**
 * Makes the checkout with this pipeline file. gitlab.com is a folder here: of acme/bot-join it has the packed component,
 * under the versions that the pipeline asks for. `files` are more files of the checkout.
 */
export function createGitlabProject(
  job: PlatformJob,
  pipeline: string,
  files: Readonly<Record<string, string>> = {},
): GitlabProject {
  const server: TempDir = tempDir();
  const component = join(server.path, "acme/bot-join.git");
  cpSync(join(job.release, "gitlab"), component, { recursive: true });
  commit(component);
  for (const version of versionsIn(pipeline)) git(component, "tag", version);
  const ssh = join(server.path, "ssh");
  writeFileSync(ssh, fakeSsh, { mode: 0o700 });
  const path = join(job.directory, "builds/acme/shop");
  rmSync(path, { recursive: true, force: true });
  for (const [name, text] of Object.entries({ ".gitlab-ci.yml": job.fit(pipeline), ...files })) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  commit(path);
  git(path, "remote", "add", "origin", "git@gitlab.com:acme/shop.git");
  job.prepared();
  const state = join(path, stateDirectory);
  const run = async ({ variables, options = [] }: GitlabRun): Promise<BundleResult> => {
    const given = Object.entries(variables).flatMap(([name, value]) => ["--variable", `${name}=${value}`]);
    const args = ["--no-color", "--force-shell-executor", ...given, ...options];
    const env = { ...job.environment, GIT_SSH: ssh, GIT_SSH_VARIANT: "ssh" };
    return new Promise((resolve, reject) => {
      const child = execFile(
        process.execPath,
        [program, ...args],
        { cwd: path, env, timeout: hungAfterMs, maxBuffer: 16 * 1024 * 1024 },
        (_, stdout, stderr) => resolve({ status: child.exitCode, signal: child.signalCode, stdout, stderr }),
      );
      child.once("error", reject);
    });
  };
  return {
    path,
    run,
    async resolve() {
      const { status, stdout, stderr } = await run({ variables: {}, options: ["--preview"] });
      if (status !== 0) throw new Error(`the pipeline is not accepted:\n${stdout}${stderr}`);
      return parse(stdout) as Record<string, ResolvedJob>;
    },
    log: (name) => readFileSync(join(state, "output", `${name}.log`), "utf8").split("\n"),
    [Symbol.dispose]() {
      rmSync(state, { recursive: true, force: true });
      server[Symbol.dispose]();
    },
  };
}
