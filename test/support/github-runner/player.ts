import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeError } from "@bot-join/core";
import { type GitHubJob, parseCommandFile } from "@bot-join/emulator";
import { parse } from "yaml";
import { type BundleResult, type RunOptions, runProgram } from "../run-bundle.ts";
import { type Contexts, expand, type JobStatus, shouldRun } from "./expressions.ts";
import { JobLog } from "./workflow-commands.ts";

/** The part of a workflow's step that the player understands. */
interface WorkflowStep {
  id?: string;
  name?: string;
  if?: string;
  uses?: string;
  with?: Record<string, unknown>;
  run?: string;
  shell?: string;
  env?: Record<string, string>;
}

/** `write-all` and its like, or what each permission is. */
type Permissions = string | Record<string, string>;

interface WorkflowJob {
  env?: Record<string, string>;
  permissions?: Permissions;
  steps: WorkflowStep[];
}

interface Workflow {
  env?: Record<string, string>;
  permissions?: Permissions;
  jobs: Record<string, WorkflowJob>;
}

/** What of jobs and steps the player does, or what changes nothing on one machine. */
const knownKeys = {
  job: ["env", "environment", "name", "permissions", "runs-on", "steps", "timeout-minutes"],
  step: ["env", "id", "if", "name", "run", "shell", "uses", "with"],
} as const;

function checkKeys(what: keyof typeof knownKeys, value: object): void {
  const known: readonly string[] = knownKeys[what];
  for (const key of Object.keys(value))
    if (!known.includes(key)) throw new Error(`the player knows no ${key} of a ${what}`);
}

interface ActionFile {
  inputs?: Record<string, { default?: unknown }>;
  runs: { using: string; main: string; post?: string; "post-if"?: string };
}

export interface PlayOptions {
  /** Text of the workflow file; its only job is played, or `job`. */
  workflow: string;
  job?: string;
  /** The faked job that gives environment, token endpoint and workspace. */
  github: Pick<GitHubJob, "env" | "inputsEnv">;
  /** The runner's temporary folder of the job, empty; the player's own files lie elsewhere. */
  temporary: string;
  /** Folder that `teleport/bot-join@…` is checked out to: `action.yml` with what it names. */
  actionRoot: string;
  /** Node that runs JavaScript actions. */
  node: string;
  /** Values given to inputs of every join, beside those of the workflow: what differs from the example is the cluster. */
  inputs?: Record<string, string>;
  /** Changes the text of a `run` step before it is run, for names that only the example's cluster has. */
  adaptRun?: (script: string) => string;
  environment?: Record<string, string>;
  onStepStart?: RunOptions["onStart"];
}

/** How one phase of a step went. */
interface PlayedStep {
  what: string;
  phase: "main" | "post";
  result: BundleResult;
  /** By its exit status, or by a file of commands that cannot be processed. */
  failed: boolean;
  outputs: Record<string, string>;
  exports: Record<string, string>;
  summary: string;
}

export interface PlayedJob {
  failed: boolean;
  log: JobLog;
  steps: PlayedStep[];
}

interface Post {
  action: string;
  script: string;
  /** Inputs, variables of the step, and state. */
  own: Record<string, string>;
  condition: string | undefined;
  what: string;
}

const fileNames = ["GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"];

const tokenVariables = ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"];

/** Whether a job may ask for ID tokens; its own permissions stand in the place of the workflow's (id-tokens.md section 2.1). */
function mayHaveIdToken(workflow: Workflow, job: WorkflowJob): boolean {
  const permissions = job.permissions ?? workflow.permissions ?? {};
  return typeof permissions === "string" ? permissions === "write-all" : permissions["id-token"] === "write";
}

/** Reads what a step exports. Throws for what the runner fails the step for (platform-plugins.md section 2.3). */
function readExports(text: string): Record<string, string> {
  const exports = parseCommandFile(text);
  if (exports["NODE_OPTIONS"] !== undefined) throw new Error("NODE_OPTIONS cannot be set by a step");
  return exports;
}

/** Plays one job as GitHub's runner does: command files fresh for each step, masks in order, post steps at the end in reverse. */
class Player {
  readonly #options: PlayOptions;
  readonly #log = new JobLog();
  readonly #played: PlayedStep[] = [];
  readonly #posts: Post[] = [];
  readonly #exported: Record<string, string> = {};
  readonly #outputs: Record<string, { outputs: Record<string, string> }> = {};
  readonly #status: JobStatus = { failed: false };
  #jobEnvironment: Record<string, string> = {};
  #mayHaveIdToken = false;
  #path: string[] = [];
  #count = 0;

  constructor(options: PlayOptions) {
    this.#options = options;
  }

  async play(): Promise<PlayedJob> {
    const workflow = parse(this.#options.workflow) as Workflow;
    const names = Object.keys(workflow.jobs);
    const name = this.#options.job ?? names[0] ?? "";
    const job = workflow.jobs[name];
    if (job === undefined || (this.#options.job === undefined && names.length !== 1)) {
      throw new Error(`which of the jobs ${names.join(", ")} is meant?`);
    }
    checkKeys("job", job);
    for (const step of job.steps) checkKeys("step", step);
    this.#jobEnvironment = { ...workflow.env, ...job.env };
    this.#mayHaveIdToken = mayHaveIdToken(workflow, job);
    for (const step of job.steps) {
      if (shouldRun(step.if, this.#status)) await this.#step(step);
    }
    for (const { action, script, own, condition, what } of this.#posts.toReversed()) {
      if (!shouldRun(condition ?? "always()", this.#status)) continue;
      await this.#action(action, script, { ...this.#environment(), ...own }, what, "post");
    }
    return { failed: this.#status.failed, log: this.#log, steps: this.#played };
  }

  /** What every step sees: variables of workflow and job, which those that steps have exported take the place of. */
  #environment(): Record<string, string> {
    return { ...this.#jobEnvironment, ...this.#exported };
  }

  #contexts(environment: Record<string, string>): Contexts {
    const { github } = this.#options;
    const prefixed = (prefix: string): Record<string, string> =>
      Object.fromEntries(
        Object.entries(github.env)
          .filter(([name]) => name.startsWith(prefix))
          .map(([name, value]) => [name.slice(prefix.length).toLowerCase(), value]),
      );
    return {
      steps: this.#outputs,
      env: environment,
      github: prefixed("GITHUB_"),
      runner: prefixed("RUNNER_"),
    };
  }

  async #step(step: WorkflowStep): Promise<void> {
    const base = this.#environment();
    const contexts = this.#contexts(base);
    const own = Object.fromEntries(
      Object.entries(step.env ?? {}).map(([name, value]) => [name, expand(String(value), contexts)]),
    );
    const seen = this.#contexts({ ...base, ...own });
    const played =
      step.uses === undefined
        ? await this.#run(step, { ...base, ...own }, seen)
        : await this.#uses(step, own, seen);
    if (step.id !== undefined) this.#outputs[step.id] = { outputs: played?.outputs ?? {} };
  }

  async #run(
    step: WorkflowStep,
    environment: Record<string, string>,
    contexts: Contexts,
  ): Promise<PlayedStep> {
    const { github, adaptRun = (script) => script } = this.#options;
    const script = join(github.env["RUNNER_TEMP"] ?? "", `step-${this.#count}.sh`);
    writeFileSync(script, adaptRun(expand(step.run ?? "", contexts)));
    const shells: Record<string, string[]> = {
      "": ["bash", "-e"],
      bash: ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
      sh: ["sh", "-e"],
    };
    const shell = shells[step.shell ?? ""];
    if (shell === undefined) throw new Error(`the player has no shell ${step.shell}`);
    const [program = "", ...flags] = shell;
    return this.#phase(step.name ?? "run", "main", environment, program, [...flags, script]);
  }

  async #uses(
    step: WorkflowStep,
    variables: Record<string, string>,
    contexts: Contexts,
  ): Promise<PlayedStep | undefined> {
    const uses = step.uses ?? "";
    if (uses.startsWith("actions/checkout@")) return undefined;
    const match = /^teleport\/bot-join(\/[\w/-]+)?@[\w.-]+$/.exec(uses);
    if (match === null) throw new Error(`the player knows no action ${uses}`);
    const folder = join(this.#options.actionRoot, match[1] ?? "");
    const file = join(folder, "action.yml");
    const action = parse(readFileSync(file, "utf8")) as ActionFile;
    if (!/^node(20|24)$/.test(action.runs.using)) throw new Error(`${file} runs on ${action.runs.using}`);
    const inputs: Record<string, string> = {};
    for (const [name, input] of Object.entries(action.inputs ?? {})) {
      if (input.default !== undefined) inputs[name] = expand(String(input.default), contexts);
    }
    const given = Object.entries(step.with ?? {}).map(
      ([name, value]) => [name.toLowerCase(), value] as const,
    );
    const unexpected = given.map(([name]) => name).filter((name) => action.inputs?.[name] === undefined);
    if (unexpected.length > 0) this.#log.warn(`Unexpected input(s) '${unexpected.join("', '")}'`);
    for (const [name, value] of given) inputs[name] = expand(String(value), contexts);
    const own = { ...variables, ...this.#options.github.inputsEnv({ ...inputs, ...this.#options.inputs }) };
    const what = step.name ?? uses;
    const environment = { ...this.#environment(), ...own };
    return this.#action(folder, action.runs.main, environment, what, "main", (state) => {
      const { post: script, "post-if": condition } = action.runs;
      if (script !== undefined)
        this.#posts.push({ action: folder, script, own: { ...own, ...state }, condition, what });
    });
  }

  async #action(
    folder: string,
    script: string,
    environment: Record<string, string>,
    what: string,
    phase: "main" | "post",
    onState: (state: Record<string, string>) => void = () => {},
  ): Promise<PlayedStep> {
    const path = join(folder, script);
    if (!existsSync(path)) throw new Error(`${what}: ${path} does not exist`);
    return this.#phase(what, phase, environment, this.#options.node, [path], onState);
  }

  async #phase(
    what: string,
    phase: "main" | "post",
    environment: Record<string, string>,
    program: string,
    args: string[],
    onState: (state: Record<string, string>) => void = () => {},
  ): Promise<PlayedStep> {
    const { github, temporary, onStepStart } = this.#options;
    this.#count += 1;
    const folder = join(github.env["RUNNER_TEMP"] ?? "", "_runner_file_commands", String(this.#count));
    mkdirSync(folder, { recursive: true });
    const files = Object.fromEntries(fileNames.map((name) => [name, join(folder, name.toLowerCase())]));
    for (const file of Object.values(files)) writeFileSync(file, "");
    const path = [...this.#path, process.env["PATH"] ?? ""].join(":");
    const runners = Object.entries({ ...github.env, RUNNER_TEMP: temporary, ...files }).filter(
      ([name]) => this.#mayHaveIdToken || !tokenVariables.includes(name),
    );
    const result = await runProgram(program, args, {
      cwd: github.env["GITHUB_WORKSPACE"] ?? folder,
      // What steps export or set under a name of the runner's own reaches no step.
      env: { ...environment, ...Object.fromEntries(runners), ...this.#options.environment, PATH: path },
      ...(onStepStart === undefined ? {} : { onStart: onStepStart }),
    });
    this.#log.add(result);
    const read = (name: string): string => readFileSync(files[name] ?? "", "utf8");
    let failed = result.status !== 0;
    // A file that the runner cannot process fails the step, and the others are read nevertheless.
    const readCommands = (name: string, parse = parseCommandFile): Record<string, string> => {
      try {
        return parse(read(name));
      } catch (error) {
        failed = true;
        this.#log.fail(`Unable to process the file command of ${name}: ${describeError(error)}`);
        return {};
      }
    };
    const exports = readCommands("GITHUB_ENV", readExports);
    const outputs = readCommands("GITHUB_OUTPUT");
    const state = readCommands("GITHUB_STATE");
    onState(Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value])));
    Object.assign(this.#exported, exports);
    this.#path = [...read("GITHUB_PATH").split("\n").filter(Boolean).reverse(), ...this.#path];
    if (failed) this.#status.failed = true;
    const played = { what, phase, result, failed, exports, outputs, summary: read("GITHUB_STEP_SUMMARY") };
    this.#played.push(played);
    return played;
  }
}

/** Plays a job of a workflow on this machine. Throws an Error for what the player does not know, rather than skip it. */
export function playWorkflow(options: PlayOptions): Promise<PlayedJob> {
  return new Player(options).play();
}
