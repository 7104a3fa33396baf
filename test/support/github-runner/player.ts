import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type GitHubJob, parseCommandFile } from "@bot-join/emulator";
import { parse } from "yaml";
import { type BundleResult, type RunOptions, runProgram } from "../run-bundle.ts";
import { type Contexts, expand, type JobStatus, shouldRun } from "./expressions.ts";
import { JobLog } from "./workflow-commands.ts";

/** The part of a workflow's step that the player understands. */
export interface WorkflowStep {
  id?: string;
  name?: string;
  if?: string;
  uses?: string;
  with?: Record<string, unknown>;
  run?: string;
  shell?: string;
  env?: Record<string, string>;
}

interface Workflow {
  env?: Record<string, string>;
  jobs: Record<string, { env?: Record<string, string>; steps: WorkflowStep[] }>;
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
  github: GitHubJob;
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
export interface PlayedStep {
  what: string;
  phase: "main" | "post";
  result: BundleResult;
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
  environment: Record<string, string>;
  condition: string | undefined;
  what: string;
}

const fileNames = ["GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"];

/** Exit status of a step is its own; these variables no step may set for later ones (platform-plugins.md section 2.3). */
function checkExport(name: string): void {
  if (name === "NODE_OPTIONS" || /^(GITHUB|RUNNER)_/.test(name)) {
    throw new Error(`a step exported ${name}, which the runner refuses`);
  }
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
    const jobEnvironment = { ...workflow.env, ...job.env };
    for (const step of job.steps) {
      if (!shouldRun(step.if, this.#status)) continue;
      const status = await this.#step(step, jobEnvironment);
      if (status !== 0) this.#status.failed = true;
    }
    for (const post of this.#posts.toReversed()) {
      if (!shouldRun(post.condition ?? "always()", this.#status)) continue;
      const { result } = await this.#action(post.action, post.script, post.environment, post.what, "post");
      if (result.status !== 0) this.#status.failed = true;
    }
    return { failed: this.#status.failed, log: this.#log, steps: this.#played };
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

  async #step(step: WorkflowStep, jobEnvironment: Record<string, string>): Promise<number | null> {
    const base = { ...jobEnvironment, ...this.#exported };
    const contexts = this.#contexts(base);
    const own = Object.fromEntries(
      Object.entries(step.env ?? {}).map(([name, value]) => [name, expand(String(value), contexts)]),
    );
    const environment = { ...base, ...own };
    const played =
      step.uses === undefined
        ? await this.#run(step, environment, contexts)
        : await this.#uses(step, environment, contexts);
    if (step.id !== undefined) this.#outputs[step.id] = { outputs: played?.outputs ?? {} };
    return played === undefined ? 0 : played.result.status;
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
    environment: Record<string, string>,
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
    for (const [name, value] of Object.entries(step.with ?? {})) {
      if (action.inputs?.[name] === undefined) throw new Error(`${uses} has no input ${name}`);
      inputs[name] = expand(String(value), contexts);
    }
    const all = { ...environment, ...this.#options.github.inputsEnv({ ...inputs, ...this.#options.inputs }) };
    const what = step.name ?? uses;
    const state = await this.#action(folder, action.runs.main, all, what, "main", (states) => {
      if (action.runs.post === undefined) return;
      this.#posts.push({
        action: folder,
        script: action.runs.post,
        environment: { ...all, ...states },
        condition: action.runs["post-if"],
        what,
      });
    });
    return state;
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
    return this.#phase(
      what,
      phase,
      { ...environment, ...this.#exported },
      this.#options.node,
      [path],
      onState,
    );
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
    const result = await runProgram(program, args, {
      cwd: github.env["GITHUB_WORKSPACE"] ?? folder,
      env: {
        ...github.env,
        RUNNER_TEMP: temporary,
        ...this.#options.environment,
        ...environment,
        ...files,
        PATH: path,
      },
      ...(onStepStart === undefined ? {} : { onStart: onStepStart }),
    });
    this.#log.add(`${result.stdout}${result.stderr}`);
    const read = (name: string): string => readFileSync(files[name] ?? "", "utf8");
    const exports = parseCommandFile(read("GITHUB_ENV"));
    for (const [name, value] of Object.entries(exports)) {
      checkExport(name);
      this.#exported[name] = value;
    }
    this.#path = [...read("GITHUB_PATH").split("\n").filter(Boolean).reverse(), ...this.#path];
    const state = parseCommandFile(read("GITHUB_STATE"));
    onState(Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value])));
    const played: PlayedStep = {
      what,
      phase,
      result,
      exports,
      outputs: parseCommandFile(read("GITHUB_OUTPUT")),
      summary: read("GITHUB_STEP_SUMMARY"),
    };
    this.#played.push(played);
    return played;
  }
}

/** Plays a job of a workflow on this machine. Throws an Error for what the player does not know, rather than skip it. */
export function playWorkflow(options: PlayOptions): Promise<PlayedJob> {
  return new Player(options).play();
}
