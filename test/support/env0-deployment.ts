import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type BundleResult, type RunOptions, runProgram } from "./run-bundle.ts";
import { tempDir } from "./temp-dir.ts";

interface Step {
  name: string;
  run?: string;
  use?: string;
  env?: Record<string, string>;
  inputs?: Record<string, string>;
}

interface Flow {
  version: number;
  deploy: {
    steps?: Record<string, { before?: Step[]; after?: Step[] }>;
    onCompletion?: Step[];
    onSuccess?: Step[];
    onFailure?: Step[];
  };
}

interface Plugin {
  inputs: Record<string, { description: string; required?: boolean }>;
  run: { exec: string };
}

/** The steps of a deployment in their order (platform-plugins.md section 7). */
const stepNames = ["setupVariables", "terraformInit", "terraformPlan", "terraformApply", "terraformOutput"];

export interface Env0DeploymentOptions {
  onStepStart?: RunOptions["onStart"];
  /** Text of `env0.yml`. */
  flow: string;
  /** Text of the plugin's file, by the address that steps use without their version. */
  plugins: Readonly<Record<string, string>>;
  /** Folder of `env0.yml`, which is the working folder. */
  folder: string;
  environment: Record<string, string>;
  /** Inputs of every plugin step beside its own. */
  inputs?: Record<string, string>;
  /** Command line of the shell of `run` steps; a plugin's is bash. */
  shell: string[];
  /** Changes the text of a `run` step, for names that only the example's cluster has. */
  adapt?: (script: string) => string;
}

export interface Env0Deployment {
  exitCode: number;
  output: string;
  steps: { name: string; result: BundleResult }[];
}

/** Lines of `$ENV0_ENV`: `KEY=value`, a value with blanks in quotes. */
function readExports(path: string): Record<string, string> {
  const entries = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const match = /^([A-Za-z_]\w*)=(?:"(.*)"|'(.*)'|(.*))$/.exec(line);
      if (match === null) throw new Error(`a line of $ENV0_ENV is no assignment: ${line}`);
      return [match[1] ?? "", match[2] ?? match[3] ?? match[4] ?? ""];
    });
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Plays a deployment as env0's agent does: steps in order, inputs of plugins pasted as text, exports from `$ENV0_ENV`. */
export async function playEnv0Deployment(options: Env0DeploymentOptions): Promise<Env0Deployment> {
  const { folder, adapt = (script) => script } = options;
  const flow = parse(options.flow) as Flow;
  if (flow.version !== 2) throw new Error("a flow of version 2 is meant");
  // It is the agent's, and ends with the deployment.
  using temporary = tempDir();
  const exports = join(temporary.path, "env0-env");
  writeFileSync(exports, "");
  const played: { name: string; result: BundleResult }[] = [];

  const play = async (step: Step): Promise<boolean> => {
    if ((step.run === undefined) === (step.use === undefined))
      throw new Error(`${step.name}: exactly one of run and use`);
    const earlier = { ...options.environment, ...readExports(exports) };
    const own = Object.fromEntries(
      Object.entries(step.env ?? {}).map(([name, value]) => [
        name,
        String(value).startsWith("$") ? (earlier[String(value).slice(1) as never] ?? "") : String(value),
      ]),
    );
    const [program = "", ...flags] = step.use === undefined ? options.shell : ["bash"];
    const script = step.use === undefined ? adapt(step.run ?? "") : pluginScript(step, options);
    const result = await runProgram(program, [...flags, "-c", script], {
      cwd: folder,
      env: { ...earlier, ...own, ENV0_ENV: exports },
      ...(options.onStepStart === undefined ? {} : { group: true, onStart: options.onStepStart }),
    });
    played.push({ name: step.name, result });
    return result.status === 0;
  };
  const playAll = async (steps: readonly Step[] = []): Promise<boolean> => {
    for (const step of steps) if (!(await play(step))) return false;
    return true;
  };

  const steps = flow.deploy.steps ?? {};
  for (const name of Object.keys(steps)) {
    if (!stepNames.includes(name)) throw new Error(`env0 has no step ${name}`);
    if (name === "setupVariables" && steps[name]?.before !== undefined)
      throw new Error("setupVariables has only after");
  }
  let isWell = true;
  for (const name of stepNames) {
    isWell = isWell && (await playAll(steps[name]?.before)) && (await playAll(steps[name]?.after));
  }
  const last = played.at(-1)?.result.status;
  await playAll(isWell ? flow.deploy.onSuccess : flow.deploy.onFailure);
  await playAll(flow.deploy.onCompletion);
  return {
    exitCode: isWell ? 0 : (last ?? 1),
    output: played.map(({ result }) => `${result.stdout}${result.stderr}`).join(""),
    steps: played,
  };
}

/** Pastes the inputs into a plugin's script, as text and before any shell reads it. */
function pluginScript(step: Step, options: Env0DeploymentOptions): string {
  const address = (step.use ?? "").replace(/@[\w.-]+$/, "");
  const text = options.plugins[address];
  if (text === undefined) throw new Error(`there is no plugin ${address}`);
  const plugin = parse(text) as Plugin;
  const inputs: Record<string, string> = { ...step.inputs, ...options.inputs };
  for (const name of Object.keys(inputs)) {
    if (plugin.inputs[name] === undefined) throw new Error(`the plugin has no input ${name}`);
  }
  return plugin.run.exec.replace(/\$\{inputs\.([^}]+)\}/g, (whole, name: string) => inputs[name] ?? whole);
}
