import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RawEnvironment, ResolvedJob, ResolvedStep } from "./circleci-config.ts";
import { type Cancellation, runJobProcess } from "./job-process.ts";

/** The machine that runs a job, and what it gives to every step. */
export interface CircleciMachineOptions {
  /** Where the machine keeps what is its own: the file of BASH_ENV, the checkout, its program. */
  directory: string;
  /** PATH, HOME and what CircleCI and the project's contexts set. */
  environment: Record<string, string>;
  /** What stands for /bin/sh. Default: that of this machine. */
  sh?: readonly string[];
  /** Whether /bin/bash exists; without it, sh is the default and nothing reads BASH_ENV. Default true. */
  hasBash?: boolean;
  /** How booleans of `environment:` become text. Default `words`. */
  booleans?: "words" | "numbers";
  /** Whether the program `circleci` of the machine exists. Default true. */
  hasProgram?: boolean;
  /** What `circleci run oidc get` prints for an audience. */
  mintToken?: Readonly<Record<string, string>>;
}

/** How a step went. */
export interface CircleciStepRun {
  name: string;
  exitCode: number;
  output: string;
  /** From its start to its end. */
  ms: number;
}

/** How a job went. */
export interface CircleciRun {
  /** That of the first step that failed, or 0. */
  exitCode: number;
  /** What the steps wrote, on both outputs, in order. */
  output: string;
  /** The steps that were run. */
  steps: CircleciStepRun[];
}

/**
 * Plays the machine of a job (platform-plugins.md sections 4.1, 4.3 and 4.4): each step is a new shell, bash reads the
 * file of BASH_ENV first, and after a failure only steps that say so are run.
 */
export class CircleciMachine implements Disposable {
  /** The file that steps hand variables on by. */
  readonly bashEnv: string;
  readonly #options: CircleciMachineOptions;
  readonly #bin: string;
  readonly #project: string;

  constructor(options: CircleciMachineOptions) {
    this.#options = options;
    const own = (name: string): string => join(options.directory, name);
    this.bashEnv = own(".bash_env-machine");
    this.#bin = own("machine-bin");
    this.#project = own("project");
    for (const folder of [this.#bin, this.#project]) mkdirSync(folder, { recursive: true });
    writeFileSync(this.bashEnv, "");
    if (options.hasProgram !== false) {
      const program = join(this.#bin, "circleci");
      writeFileSync(program, circleciProgram(options.mintToken ?? {}));
      chmodSync(program, 0o755);
    }
  }

  /** Runs every step of a job that is due. */
  async run(job: ResolvedJob): Promise<CircleciRun> {
    const steps: CircleciStepRun[] = [];
    let exitCode = 0;
    for (const step of job.steps) {
      const isDue = step.when === "always" || (step.when === "on_fail") === (exitCode !== 0);
      if (!isDue || step.kind === "checkout") continue;
      const run = await this.step(step, job.environment);
      steps.push(run);
      exitCode ||= run.exitCode;
    }
    return { exitCode, output: steps.map(({ output }) => output).join(""), steps };
  }

  /** Runs one step in a shell of its own. */
  async step(
    step: ResolvedStep,
    jobEnvironment: RawEnvironment = {},
    cancelled?: Cancellation,
  ): Promise<CircleciStepRun> {
    const { environment, hasBash = true } = this.#options;
    const usual = hasBash ? "/bin/bash -eo pipefail" : "/bin/sh -e";
    const [program = "", ...flags] = (step.shell ?? usual).split(" ");
    const shell = program === "/bin/sh" ? (this.#options.sh ?? [program]) : [program];
    const startedAt = performance.now();
    const result = await runJobProcess([...shell, ...flags, "-c", step.command], {
      cwd: this.#project,
      env: {
        ...environment,
        ...this.#asText(jobEnvironment),
        ...this.#asText(step.environment),
        BASH_ENV: this.bashEnv,
        PATH: `${this.#bin}:${environment["PATH"] ?? ""}`,
      },
      ...(cancelled === undefined ? {} : { cancelled }),
    });
    return { name: step.name, ...result, ms: performance.now() - startedAt };
  }

  #asText(environment: RawEnvironment): Record<string, string> {
    const numbers = this.#options.booleans === "numbers";
    return Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [
        name,
        typeof value === "boolean" && numbers ? String(Number(value)) : String(value),
      ]),
    );
  }

  /** Takes away what is the machine's own. */
  [Symbol.dispose](): void {
    for (const path of [this.bashEnv, this.#bin, this.#project]) {
      if (existsSync(path)) rmSync(path, { recursive: true });
    }
  }
}

/** The two commands of `circleci` inside of a job that an orb may use (platform-plugins.md sections 4.1 and 4.3). */
function circleciProgram(tokens: Readonly<Record<string, string>>): string {
  return `#!${process.execPath}
const [, , ...args] = process.argv;
const tokens = ${JSON.stringify(tokens)};
if (args[0] === "env" && args[1] === "subst") {
  process.stdout.write(
    args[2].replace(/\\$(?:\\{(\\w+)\\}|(\\w+))/g, (_, braced, bare) => process.env[braced ?? bare] ?? ""),
  );
} else if (args.slice(0, 3).join(" ") === "run oidc get") {
  const token = tokens[JSON.parse(args[args.indexOf("--claims") + 1]).aud];
  if (token === undefined) {
    process.stderr.write("Error: no token for this job\\n");
    process.exit(1);
  }
  process.stdout.write(token + "\\n");
} else {
  process.stderr.write("unknown command\\n");
  process.exit(255);
}
`;
}
