import { parse } from "yaml";
import {
  type Cancellation,
  type JobProcessOptions,
  type JobProcessResult,
  runJobProcess,
} from "./job-process.ts";

/** A pipe that a script may name. */
export interface KnownPipe {
  /** Its script, which stands for its image. */
  script: string;
  /** Names that its pipe.yml declares. */
  variables: readonly string[];
  /** What its image sets. */
  environment: Record<string, string>;
}

export interface BitbucketStepOptions {
  /** Text of a bitbucket-pipelines.yml; its only step is run. */
  pipelines: string;
  /** Folder of the checkout, the one that pipes see too. */
  clone: string;
  /** What the image and the variables of the repository set. */
  environment: Record<string, string>;
  /** What Bitbucket sets, the ID token left out. */
  defaults: Record<string, string>;
  /** The token that a step gets if it says so. */
  idToken?: string;
  /** Command line of the image's shell. */
  shell: readonly string[];
  /** By name, without version. */
  pipes?: Readonly<Record<string, KnownPipe>>;
  /** Ends the script. */
  cancelled?: Cancellation;
}

/** How a step went. */
export interface BitbucketRun {
  /** That of the script. */
  exitCode: number;
  afterExitCode: number;
  /** What script and after-script wrote, on both outputs, each command above what it wrote. */
  output: string;
  /** What one command of the script wrote, named by how it begins. */
  outputOf(command: string): string;
  /** How long that command took, in milliseconds; undefined when no other came after it. */
  msOf(command: string): number | undefined;
}

type ScriptItem = string | { pipe: string; variables?: Record<string, string | string[]> };

interface Step {
  oidc?: boolean | { audiences: string[] };
  script: ScriptItem[];
  "after-script"?: ScriptItem[];
}

/** Finds the steps of a file, however deep. */
function stepsOf(value: unknown): Step[] {
  if (Array.isArray(value)) return value.flatMap(stepsOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => (key === "step" ? [item as Step] : stepsOf(item)));
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The value of a pipe's variable: variables of the step are filled in, everything else is text. */
function pipeValue(value: string): string {
  return value
    .split(/(\$\{\w+\}|\$\w+)/)
    .map((part, index) => (index % 2 === 1 ? `"${part}"` : part === "" ? "" : quote(part)))
    .join("");
}

/** The variables of a pipe, a list in its parts (platform-plugins.md section 5.1). */
function pipeVariables(variables: Record<string, string | string[]>): [string, string][] {
  return Object.entries(variables).flatMap(([name, value]): [string, string][] =>
    Array.isArray(value)
      ? [
          [`${name}_COUNT`, String(value.length)],
          ...value.map((item, index): [string, string] => [`${name}_${index}`, item]),
        ]
      : [[name, String(value)]],
  );
}

/**
 * Plays a step of Bitbucket Pipelines (platform-plugins.md section 5): one shell for the script, a container with
 * declared variables alone for a pipe, another shell for the after-script, which is run in any case.
 */
export async function runBitbucketStep(options: BitbucketStepOptions): Promise<BitbucketRun> {
  const [step, ...others] = stepsOf((parse(options.pipelines) as Record<string, unknown>)["pipelines"]);
  if (step === undefined || others.length > 0) throw new Error("one step is meant");
  const given: Record<string, string> = {
    CI: "true",
    ...options.defaults,
    BITBUCKET_CLONE_DIR: options.clone,
    ...(step.oidc && options.idToken !== undefined ? { BITBUCKET_STEP_OIDC_TOKEN: options.idToken } : {}),
  };

  const commandOf = (item: ScriptItem): string => {
    if (typeof item === "string") return item;
    if (item === null || typeof item !== "object" || typeof item.pipe !== "string")
      throw new Error(`a script has commands and pipes, and not ${JSON.stringify(item)}`);
    const pipe = options.pipes?.[item.pipe.replace(/:[^:]*$/, "")];
    if (pipe === undefined) throw new Error(`there is no pipe ${item.pipe}`);
    const { variables = {} } = item;
    const unknown = Object.keys(variables).filter((name) => !pipe.variables.includes(name));
    if (unknown.length > 0) throw new Error(`the pipe has no variables ${unknown.join(", ")}`);
    const environment = [
      ...Object.entries({ ...pipe.environment, ...given }).map(([name, value]) => `${name}=${quote(value)}`),
      ...pipeVariables(variables).map(([name, value]) => `${name}=${pipeValue(value)}`),
    ];
    return `env -i ${environment.join(" ")} ${quote(pipe.script)}`;
  };
  const shown = (item: ScriptItem): string => (typeof item === "string" ? item : `pipe ${item.pipe}`);

  /** When each command of the script began. */
  const begun: number[] = [];
  const runItems = (
    items: ScriptItem[],
    more: Record<string, string>,
    others: Pick<JobProcessOptions, "cancelled" | "onOutput">,
  ): Promise<JobProcessResult> => {
    const lines = items.map((item) => `printf '+ %s\\n' ${quote(shown(item))}\n${commandOf(item)}`);
    return runJobProcess([...options.shell, "-c", `set -e\n${lines.join("\n")}`], {
      cwd: options.clone,
      env: { ...options.environment, ...given, ...more },
      ...others,
    });
  };

  const script = await runItems(
    step.script,
    {},
    {
      ...(options.cancelled === undefined ? {} : { cancelled: options.cancelled }),
      onOutput(output) {
        const commands = output.match(/^\+ /gm)?.length ?? 0;
        while (begun.length < commands) begun.push(performance.now());
      },
    },
  );
  const leave = step["after-script"] ?? [];
  const after = await runItems(leave, { BITBUCKET_EXIT_CODE: String(script.exitCode) }, {});
  return {
    exitCode: script.exitCode,
    afterExitCode: after.exitCode,
    output: script.output + after.output,
    outputOf: (command) =>
      script.output
        .split(/^\+ /m)
        .filter((part) => part.startsWith(command))
        .map((part) => part.slice(part.indexOf("\n") + 1))
        .join(""),
    msOf(command) {
      const index = step.script.findIndex((item) => shown(item).startsWith(command));
      const [from, to] = [begun[index], begun[index + 1]];
      return from === undefined || to === undefined ? undefined : to - from;
    },
  };
}
