import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { type BundleResult, type RunOptions, runProgram } from "./run-bundle.ts";

/** Phases of a run in their order (platform-plugins.md section 6.1); a tracked run pauses before `apply`. */
const phasesBeforePause = ["init", "plan"] as const;
const phasesAfterPause = ["apply"] as const;

type Hooks = Readonly<Record<string, readonly string[]>>;

interface Context {
  env?: { key: string; value?: string; value_from_parameter?: string }[];
  mounted_files?: { path: string; content: string }[];
  hooks?: Hooks;
}

interface Plugin {
  parameters: { id: string; default?: string }[];
  contexts: Context[];
}

interface Stack {
  environment?: Record<string, string>;
  [phase: string]: unknown;
}

export interface SpaceliftRunOptions {
  onStepStart?: RunOptions["onStart"];
  /** Text of `.spacelift/config.yml`; its only stack is run. */
  config: string;
  /** Text of a plugin template that is attached to the stack. */
  plugin?: string;
  /** What the person who installed the plugin gave. */
  parameters?: Record<string, string>;
  /** Stands for `/mnt/workspace`, in paths and in what the hooks say. */
  workspace: string;
  /** Command line of the worker's shell. */
  shell: string[];
  environment: Record<string, string>;
  /** Whether a person has to confirm, which takes a new container for what follows. */
  pauses: boolean;
  /** Changes the text of a hook, for names that only the example's cluster has. */
  adapt?: (hook: string) => string;
}

export interface SpaceliftRun {
  /** Of the part that failed, or of the last one before `after_run`. */
  exitCode: number;
  output: string;
  /** What each part printed: before the pause, after it, and after the run. */
  parts: BundleResult[];
}

function listOf(hooks: Hooks | Stack, phase: string): string[] {
  const commands = hooks[phase] ?? [];
  if (!Array.isArray(commands)) throw new Error(`${phase} is no list of commands`);
  return commands.map(String);
}

/** Plays a tracked run of a stack as a worker does: hooks joined by `&&`, each in braces, in the session of their phase. */
export async function playSpaceliftRun(options: SpaceliftRunOptions): Promise<SpaceliftRun> {
  const { workspace, adapt = (hook) => hook } = options;
  const here = (text: string): string => text.replaceAll("/mnt/workspace", workspace);
  const config = parse(options.config) as { version: string; stacks: Record<string, Stack> };
  const [stack, ...others] = Object.values(config.stacks);
  if (config.version !== "2" || stack === undefined || others.length > 0)
    throw new Error("one stack of version 2 is meant");
  const plugin = options.plugin === undefined ? undefined : (parse(options.plugin) as Plugin);
  const contexts = plugin?.contexts ?? [];

  const environment: Record<string, string> = { ...options.environment };
  const mounted: string[] = [];
  for (const { env = [], mounted_files: files = [] } of contexts) {
    for (const { key, value, value_from_parameter: id } of env) {
      const parameter = plugin?.parameters.find((each) => each.id === id);
      if (id !== undefined && parameter === undefined) throw new Error(`no parameter ${id}`);
      environment[key] = value ?? options.parameters?.[id ?? ""] ?? parameter?.default ?? "";
    }
    for (const { path, content } of files) {
      mkdirSync(dirname(here(path)), { recursive: true });
      writeFileSync(here(path), here(content));
      mounted.push(here(path));
    }
  }
  Object.assign(environment, stack.environment);

  // Before a phase the contexts come first, after it the stack does.
  const before = (phase: string): string[] => [
    ...contexts.flatMap(({ hooks = {} }) => listOf(hooks, `before_${phase}`)),
    ...listOf(stack, `before_${phase}`),
  ];
  const after = (phase: string): string[] => [
    ...listOf(stack, `after_${phase}`),
    ...contexts.toReversed().flatMap(({ hooks = {} }) => listOf(hooks, `after_${phase}`)),
  ];
  const source = join(workspace, "source");
  mkdirSync(source, { recursive: true });
  const session = (hooks: string[]): Promise<BundleResult> => {
    const script = hooks.map((hook) => `{ ${here(adapt(hook))}; }`).join(" && ");
    const [program = "", ...flags] = options.shell;
    return runProgram(program, [...flags, "-c", script === "" ? "true" : script], {
      cwd: source,
      env: environment,
      ...(options.onStepStart === undefined ? {} : { group: true, onStart: options.onStepStart }),
    });
  };
  const hooksOf = (phases: readonly string[]): string[] =>
    phases.flatMap((phase) => [...before(phase), ...after(phase)]);
  const sessions = options.pauses
    ? [hooksOf(phasesBeforePause), hooksOf(phasesAfterPause)]
    : [hooksOf([...phasesBeforePause, ...phasesAfterPause])];
  const parts: BundleResult[] = [];
  for (const hooks of sessions) {
    const result = await session(hooks);
    parts.push(result);
    if (result.status !== 0) break;
  }
  const exitCode = parts.at(-1)?.status ?? 1;
  parts.push(await session(after("run")));
  // What the worker had mounted ends with it.
  for (const path of mounted) rmSync(path);
  return {
    exitCode,
    output: workerLog(parts.map(({ stdout, stderr }) => `${stdout}${stderr}`).join("")),
    parts,
  };
}

/** What a person sees: `::add-mask` takes effect from its line on, and takes words (platform-plugins.md section 6.1). */
function workerLog(output: string): string {
  const masks: string[] = [];
  const lines = output.split("\n").flatMap((line) => {
    const words = /^::add-mask (.*)$/.exec(line)?.[1]?.split(" ");
    if (words === undefined) return [masks.reduce((rest, mask) => rest.replaceAll(mask, "*****"), line)];
    masks.push(...words.filter((word) => word !== ""));
    return [];
  });
  return lines.join("\n");
}
