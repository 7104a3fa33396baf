import { chownSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Emulator,
  type GitHubJob,
  type GitHubJobOptions,
  type OidcIssuer,
  startGitHubJob,
} from "@bot-join/emulator";
import { expect } from "vitest";
import { githubIssuer } from "../support/emulator.ts";
import { type BundleResult, type RunOptions, runBundle } from "../support/run-bundle.ts";
import { systemClock } from "../support/system-clock.ts";
import { tempDir } from "../support/temp-dir.ts";
import {
  expectMasked,
  expectNothingLeaked,
  type KnownSecret,
  privateKeysBelow,
  shownText,
} from "./secrets.ts";

export interface JobOptions extends Pick<GitHubJobOptions, "claims" | "badToken" | "tokenEndpoint"> {
  node: string;
  /** Variables that the job has beside those of the runner. */
  env?: Record<string, string>;
}

/** Inputs of the action; undefined takes away one that every run has. */
type JobInputs = Readonly<Record<string, string | undefined>>;

type StepOptions = Omit<RunOptions, "env" | "args"> & { env?: Record<string, string> };

/**
 * A faked GitHub job that runs the committed action against an emulator. Whatever it runs is searched for secrets
 * afterwards: what was printed, and every file below the job's folder.
 */
export interface Job extends AsyncDisposable {
  /** The folder that all of its files lie in. */
  readonly folder: string;
  readonly workspace: string;
  /** The authority of the proxy's web certificate, as a file. */
  readonly caFile: string;
  readonly github: GitHubJob;
  /** ID tokens that the job was given, in order. */
  readonly idTokens: readonly string[];
  /** Writes a file that the run did not make and that may hold a secret. */
  writeInput(name: string, content: string): string;
  addSecret(secret: KnownSecret): void;
  /** Runs the main step; proxy, token `ghcom` and ca-file are there unless given otherwise. */
  run(inputs?: JobInputs, options?: StepOptions): Promise<BundleResult>;
  /** Runs the post step. */
  post(env?: Record<string, string | undefined>): Promise<BundleResult>;
  /** What lies in the job's folder now and did not when it started. */
  newEntries(): string[];
  /** Lets another user run the job. */
  giveTo(uid: number): void;
}

/** The issuer of GitHub's tokens, which tells what it has signed. */
function recordingIssuer(emulator: Emulator, signed: string[]): OidcIssuer {
  const issuer = emulator.issuer(githubIssuer);
  return new Proxy(issuer, {
    get: (target, name) =>
      name !== "sign"
        ? Reflect.get(target, name, target)
        : async (...args: Parameters<OidcIssuer["sign"]>) => {
            const token = await target.sign(...args);
            signed.push(token);
            return token;
          },
  });
}

function entriesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
}

/** Starts a job of acme/shop; dispose it to remove everything. */
export async function startJob(emulator: Emulator, options: JobOptions): Promise<Job> {
  const { node, env = {}, ...jobOptions } = options;
  const temporary = tempDir();
  const folder = temporary.path;
  const idTokens: string[] = [];
  const github = await startGitHubJob({
    issuer: recordingIssuer(emulator, idTokens),
    clock: systemClock,
    directory: folder,
    ...jobOptions,
  });
  const caFile = join(folder, "web-ca.pem");
  writeFileSync(caFile, emulator.webCaPem);
  const workspace = join(folder, "workspace");
  const before = new Set(entriesBelow(folder));
  const secrets: KnownSecret[] = [];
  const except: string[] = [];
  /** Of every run of this job. */
  const masks = new Set<string>();
  const knownSecrets = (): KnownSecret[] => {
    const requestToken = github.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"];
    return [
      ...(requestToken === undefined ? [] : [{ what: "the request token", value: requestToken }]),
      ...idTokens.map((value) => ({ what: "an ID token", value })),
      ...secrets,
    ];
  };
  return {
    folder,
    workspace,
    caFile,
    github,
    idTokens,
    writeInput(name, content) {
      const path = join(workspace, name);
      writeFileSync(path, content);
      except.push(path);
      return path;
    },
    addSecret: (secret) => void secrets.push(secret),
    async run(inputs = {}, { env: stepEnv = {}, ...step } = {}) {
      const all = { proxy: emulator.proxyAddress, token: "ghcom", "ca-file": caFile, ...inputs };
      const given = Object.fromEntries(
        Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
      );
      const result = await runBundle("join.cjs", {
        node,
        cwd: workspace,
        ...step,
        env: { ...github.env, ...env, ...github.inputsEnv(given), ...stepEnv },
      });
      for (const mask of github.readMasks(result.stdout)) masks.add(mask);
      const keys = privateKeysBelow(folder);
      // The key of the bot itself is written nowhere: that it is a secret is known by its mask. Identities hold keys.
      const masked = [...masks].map((value) => ({ what: "the private key or another masked value", value }));
      expectNothingLeaked([...knownSecrets(), ...keys, ...masked], [result], folder, except);
      if (result.status === 0) expectMasked([...knownSecrets(), ...keys], masks);
      return result;
    },
    async post(postEnv = {}) {
      const all = { ...env, ...github.postEnv(), ...postEnv };
      const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
      const keys = privateKeysBelow(folder);
      const result = await runBundle("cleanup.cjs", { node, cwd: workspace, env: Object.fromEntries(given) });
      expectNothingLeaked([...knownSecrets(), ...keys], [result], folder, except);
      return result;
    },
    newEntries: () => entriesBelow(folder).filter((path) => !before.has(path)),
    giveTo(uid) {
      chownSync(folder, uid, uid);
      for (const path of entriesBelow(folder)) chownSync(join(folder, path), uid, uid);
    },
    async [Symbol.asyncDispose]() {
      await github[Symbol.asyncDispose]();
      temporary[Symbol.dispose]();
    },
  };
}

/** The lines of a job's log: without commands that mask. */
export function logLines(result: BundleResult): string[] {
  return shownText(result.stdout)
    .split("\n")
    .filter((line) => line !== "");
}

/** Expects that the main step went well, and shows why if it did not. */
export function expectSuccess(result: BundleResult): void {
  expect(`${shownText(result.stdout)}${result.stderr}status ${result.status} ${result.signal ?? ""}`).toMatch(
    /status 0 $/,
  );
  expect(result.stderr).toBe("");
}

/** The text of the one error that a failed run shows, line ends as they were. */
export function errorText(result: BundleResult): string {
  const errors = logLines(result).filter((line) => line.startsWith("::error"));
  expect(errors).toHaveLength(1);
  const [error = ""] = errors;
  return error
    .replace(/^::error title=bot-join::/, "")
    .replaceAll("%0A", "\n")
    .replaceAll("%0D", "\r")
    .replaceAll("%25", "%");
}

/**
 * Expects that a run failed with one message, which ends with this code and has these texts in it, and that it wrote,
 * exported and kept nothing. `entries` may be what the test itself put into the job's folder.
 */
export function expectFailure(
  job: Job,
  result: BundleResult,
  code: string,
  texts: (string | RegExp)[],
  entries: string[] = [],
): string {
  const text = `${shownText(result.stdout)}${result.stderr}`;
  expect({ status: result.status, signal: result.signal, stderr: result.stderr }, text).toEqual({
    status: 1,
    signal: null,
    stderr: "",
  });
  const error = errorText(result);
  for (const part of texts) {
    if (typeof part === "string") expect(error).toContain(part);
    else expect(error).toMatch(part);
  }
  // Message, hint, then the code with its section.
  expect(error.split("\n").at(-1)).toBe(`${code}, explained in docs/errors.md#${code.toLowerCase()}`);
  expect(error.split("\n").length).toBeGreaterThan(2);
  expect(error).not.toMatch(/\bundefined\b|\[object|^\s+at .*:\d+:\d+|defect of bot-join|\.\.$/m);
  expect(job.newEntries()).toEqual(entries);
  expectNothingHandedOn(job);
  return error;
}

/** Expects that later steps find no output, variable, summary or path of a failed run. */
export function expectNothingHandedOn(job: Job): void {
  const { github } = job;
  expect([github.readOutputs(), github.readExports(), github.readSummary(), github.readPath()]).toEqual([
    {},
    {},
    "",
    [],
  ]);
}
