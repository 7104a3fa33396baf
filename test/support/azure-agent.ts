import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { parseLoggingCommand, restrictedCommands } from "./azure-commands.ts";
import { type BundleResult, type RunOptions, runProgram } from "./run-bundle.ts";

interface Step {
  task?: string;
  inputs?: Record<string, string>;
  bash?: string;
  template?: string;
  parameters?: Record<string, unknown>;
  env?: Record<string, string>;
  condition?: string;
  displayName?: string;
}

interface Template {
  parameters: { name: string; type: string; default?: unknown }[];
  steps: (Step | string)[];
}

interface TaskFile {
  inputs: { name: string; defaultValue?: string; required?: boolean }[];
  execution: Record<string, { target: string }>;
  postjobexecution: Record<string, { target: string }>;
  restrictions: { settableVariables: { allowed: string[] } };
}

export interface AgentOptions {
  /** Text of `azure-pipelines.yml`. */
  pipeline: string;
  /** Folder of the unpacked extension. */
  extension: string;
  /** Text of a template, by its name before the `@`. */
  templates: Readonly<Record<string, string>>;
  /** Gives the job's ID token. */
  idToken: () => Promise<string>;
  /** Everything the agent makes lies below it. */
  directory: string;
  /** What steps see beside the agent's own variables. */
  environment: Record<string, string>;
  /** Node that runs the task. */
  node: string;
  /** Runs the task by the mock runner of Microsoft's library, or straight. */
  mockRunner: boolean;
  /** Changes the text of scripts and inputs, for names that only the example's cluster has. */
  adapt?: (text: string) => string;
  /** Agent variables that differ, such as a hostile branch; undefined takes one away. */
  variables?: Record<string, string | undefined>;
  onStepStart?: RunOptions["onStart"];
}

/** A step as it went. */
interface AgentStep {
  what: string;
  result: BundleResult;
  /** As the agent judges it: by exit status and `task.complete`. */
  succeeded: boolean;
}

export interface AgentJob {
  succeeded: boolean;
  /** What a person sees, with secrets replaced. */
  log: string;
  steps: AgentStep[];
  /** Variables that steps have set for later ones. */
  variables: Record<string, string>;
  outputs: Record<string, string>;
  issues: string[];
  /** What lay in the temporary directory when the agent emptied it. */
  leftovers: string[];
}

const child = fileURLToPath(new URL("azure-task-child.ts", import.meta.url));
const accessToken = "job-access-token-of-the-agent-0123456789";

/** The token endpoint of a job, which takes the job's access token and nothing else (platform-plugins.md section 8.3). */
async function startTokenEndpoint(idToken: () => Promise<string>): Promise<Server> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const isRight =
      request.method === "POST" &&
      url.searchParams.get("api-version") === "7.1" &&
      request.headers.authorization === `Bearer ${accessToken}`;
    if (!isRight) {
      response.writeHead(401).end();
      return;
    }
    void idToken().then((token) =>
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ oidcToken: token })),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** Whether a name is in a list of `settableVariables`: in any case, and `*` is a pattern. */
function isAllowed(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => new RegExp(`^${pattern.replaceAll("*", ".*")}$`, "i").test(name));
}

/** Replaces `${{ parameters.x }}` in every text of a template's steps, inserts what stands under a condition, and puts step lists in the place of their line. */
function expandTemplate(template: Template, given: Record<string, unknown>): Step[] {
  for (const name of Object.keys(given)) {
    if (!template.parameters.some((each) => each.name === name))
      throw new Error(`the template has no parameter ${name}`);
  }
  const values = Object.fromEntries(
    template.parameters.map(({ name, default: value }) => {
      const chosen = given[name] ?? value;
      if (chosen === undefined) throw new Error(`the template needs the parameter ${name}`);
      return [name, chosen];
    }),
  );
  const texts = (value: unknown): unknown => {
    if (typeof value === "string")
      return value.replace(/\$\{\{ parameters\.(\w+) \}\}/g, (_, name: string) => String(values[name]));
    if (Array.isArray(value)) return value.map(texts);
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(
        Object.entries(value).flatMap(([key, each]): [string, unknown][] => {
          const name = /^\$\{\{ if ne\(parameters\.(\w+), ''\) \}\}$/.exec(key)?.[1];
          if (name === undefined) return [[key, texts(each)]];
          return values[name] === "" ? [] : Object.entries(texts(each) as object);
        }),
      );
    return value;
  };
  return template.steps.flatMap((step) => {
    const list = typeof step === "string" ? /^\$\{\{ parameters\.(\w+) \}\}$/.exec(step)?.[1] : undefined;
    return list === undefined ? [texts(step) as Step] : (values[list] as Step[]);
  });
}

class Agent {
  readonly #options: AgentOptions;
  readonly #temporary: string;
  readonly #base: Record<string, string>;
  readonly #variables: Record<string, string> = {};
  readonly #outputs: Record<string, string> = {};
  readonly #issues: string[] = [];
  readonly #secrets = new Set<string>([accessToken]);
  readonly #steps: AgentStep[] = [];
  readonly #posts: (() => Promise<AgentStep>)[] = [];
  #log = "";
  #isWell = true;

  constructor(options: AgentOptions, requestUri: string) {
    this.#options = options;
    this.#temporary = join(options.directory, "_temp");
    const work = join(options.directory, "work");
    mkdirSync(this.#temporary, { recursive: true });
    mkdirSync(work, { recursive: true });
    const all: Record<string, string | undefined> = {
      ...options.environment,
      TF_BUILD: "True",
      AGENT_TEMPDIRECTORY: this.#temporary,
      AGENT_VERSION: "4.258.1",
      BUILD_SOURCEBRANCH: "refs/heads/main",
      BUILD_SOURCEBRANCHNAME: "main",
      SYSTEM_COLLECTIONURI: "https://dev.azure.com/acme/",
      SYSTEM_TEAMPROJECTID: "8a7b6c5d-4e3f-4210-9fed-cba098765432",
      SYSTEM_HOSTTYPE: "build",
      SYSTEM_PLANID: "b0f6f6f0-0000-4000-8000-000000000001",
      SYSTEM_JOBID: "b0f6f6f0-0000-4000-8000-000000000002",
      SYSTEM_OIDCREQUESTURI: requestUri,
      SYSTEM_DEFAULTWORKINGDIRECTORY: work,
      ...options.variables,
    };
    this.#base = Object.fromEntries(
      Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  }

  async run(): Promise<AgentJob> {
    const pipeline = parse(this.#options.pipeline) as { steps: Step[] };
    const steps = pipeline.steps.flatMap((step) =>
      step.template === undefined ? [step] : this.#template(step),
    );
    for (const step of steps) {
      if (!this.#isWell && step.condition !== "always()") continue;
      const played = step.task === undefined ? await this.#script(step) : await this.#task(step);
      this.#isWell = this.#isWell && played.succeeded;
    }
    for (const post of this.#posts.toReversed()) await post();
    // The library's own key for the secrets in its memory, made in every process that loads it.
    const leftovers = readdirSync(this.#temporary, { recursive: true, encoding: "utf8" }).filter(
      (path) => path !== ".taskkey",
    );
    rmSync(this.#temporary, { recursive: true });
    rmSync(join(this.#options.directory, "work"), { recursive: true });
    return {
      succeeded: this.#isWell,
      log: this.#log,
      steps: this.#steps,
      variables: this.#variables,
      outputs: this.#outputs,
      issues: this.#issues,
      leftovers,
    };
  }

  #template(step: Step): Step[] {
    const [name = ""] = (step.template ?? "").split("@");
    const text = this.#options.templates[name];
    if (text === undefined) throw new Error(`there is no template ${name}`);
    return expandTemplate(parse(text) as Template, step.parameters ?? {});
  }

  #environment(): Record<string, string> {
    const variables = Object.entries(this.#variables).map(([name, value]) => [
      name.replaceAll(/[. ]/g, "_").toUpperCase(),
      value,
    ]);
    return { ...this.#base, ...Object.fromEntries(variables) };
  }

  #macros(text: string): string {
    return text
      .replaceAll("$(System.AccessToken)", accessToken)
      .replace(/\$\(([\w.]+)\)/g, (whole, name: string) => this.#variables[name] ?? whole);
  }

  async #script(step: Step): Promise<AgentStep> {
    const { adapt = (text) => text, directory } = this.#options;
    if (step.bash === undefined) throw new Error("the agent of the tests runs bash steps and the task only");
    const own = Object.fromEntries(
      Object.entries(step.env ?? {}).map(([name, value]) => [name, adapt(this.#macros(String(value)))]),
    );
    const script = join(this.#temporary, `script-${this.#steps.length}.sh`);
    writeFileSync(script, adapt(this.#macros(step.bash)));
    const played = await this.#phase(
      step.displayName ?? "bash",
      "bash",
      ["--noprofile", "--norc", script],
      { ...this.#environment(), ...own },
      join(directory, "work"),
    );
    rmSync(script);
    return played;
  }

  async #task(step: Step): Promise<AgentStep> {
    const { adapt = (text) => text, extension } = this.#options;
    if (step.task !== "BotJoin@1") throw new Error(`the agent of the tests has no task ${step.task}`);
    const folder = join(extension, "BotJoinV1");
    const task = JSON.parse(readFileSync(join(folder, "task.json"), "utf8")) as TaskFile;
    const inputs: Record<string, string> = {};
    for (const { name, defaultValue = "" } of task.inputs) inputs[name] = defaultValue;
    for (const [name, value] of Object.entries(step.inputs ?? {})) {
      if (inputs[name] === undefined) throw new Error(`the task has no input ${name}`);
      inputs[name] = adapt(this.#macros(String(value)));
    }
    const state: Record<string, string> = {};
    const allowed = task.restrictions.settableVariables.allowed;
    const phase = (handlers: Record<string, { target: string }>, what: string): Promise<AgentStep> => {
      const target = handlers["Node24"]?.target ?? handlers["Node20_1"]?.target ?? "";
      const script = join(folder, target);
      const { node, mockRunner, directory } = this.#options;
      const given = Object.fromEntries(
        Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
      );
      const environment = {
        ...this.#environment(),
        ...(mockRunner ? {} : given),
        ...state,
        ENDPOINT_AUTH_SYSTEMVSSCONNECTION: JSON.stringify({
          parameters: { AccessToken: accessToken },
          scheme: "OAuth",
        }),
        ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN: accessToken,
        ENDPOINT_URL_SYSTEMVSSCONNECTION: "https://dev.azure.com/acme/",
      };
      const args = mockRunner ? [child, script, JSON.stringify(inputs)] : [script];
      return this.#phase(what, node, args, environment, join(directory, "work"), { allowed, state });
    };
    this.#posts.push(() => phase(task.postjobexecution, "post-job: BotJoin"));
    return phase(task.execution, "BotJoin");
  }

  async #phase(
    what: string,
    program: string,
    args: string[],
    environment: Record<string, string>,
    cwd: string,
    restricted?: { allowed: string[]; state: Record<string, string> },
  ): Promise<AgentStep> {
    const { onStepStart } = this.#options;
    const result = await runProgram(program, args, {
      env: environment,
      cwd,
      ...(onStepStart === undefined ? {} : { group: true, onStart: onStepStart }),
    });
    let failed = result.status !== 0;
    for (const line of `${result.stdout}${result.stderr}`.split(/\r?\n/)) {
      const command = parseLoggingCommand(line);
      if (command === undefined) {
        this.#show(line);
        continue;
      }
      const { name, properties, data } = command;
      if (restricted !== undefined && !restrictedCommands.includes(name))
        throw new Error(`the task gave the command ${name}, which restricted tasks may not`);
      const variable = properties["variable"] ?? "";
      if (name === "task.setsecret") this.#secrets.add(data);
      else if (name === "task.setvariable") {
        if (restricted !== undefined && !isAllowed(variable, restricted.allowed))
          throw new Error(`the task set ${variable}, which its task.json does not allow`);
        if (properties["isoutput"] === "true") this.#outputs[variable] = data;
        else this.#variables[variable] = data;
      } else if (name === "task.settaskvariable" && restricted !== undefined) {
        restricted.state[`VSTS_TASKVARIABLE_${variable.toUpperCase()}`] = data;
      } else if (name === "task.complete") {
        failed = failed || properties["result"] === "Failed";
      } else if (name === "task.logissue" || name === "task.issue") {
        this.#issues.push(this.#masked(`${properties["type"] ?? ""}: ${data}`));
        this.#show(data);
      } else if (name !== "task.debug") {
        throw new Error(`a step gave the command ${name}: ${line}`);
      }
    }
    const step: AgentStep = { what, result, succeeded: !failed };
    this.#steps.push(step);
    return step;
  }

  #masked(text: string): string {
    return [...this.#secrets].reduce(
      (rest, secret) => (secret === "" ? rest : rest.replaceAll(secret, "***")),
      text,
    );
  }

  #show(line: string): void {
    this.#log += `${this.#masked(line)}\n`;
  }
}

/** Runs a pipeline's job as an agent does, with the token endpoint of its organisation. */
export async function runOnAgent(options: AgentOptions): Promise<AgentJob> {
  const endpoint = await startTokenEndpoint(options.idToken);
  const { port } = endpoint.address() as AddressInfo;
  try {
    return await new Agent(options, `http://127.0.0.1:${port}/oidctoken`).run();
  } finally {
    endpoint.closeAllConnections();
    endpoint.close();
  }
}
