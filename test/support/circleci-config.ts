import {
  bind,
  type Component,
  type ConfigValue,
  componentOf,
  isMapping,
  type Mapping,
  mappingAt,
  onlyKeys,
  substitute,
} from "./circleci-parameters.ts";

/** Where names of commands, jobs and executors are looked up. */
interface Scope {
  /** What each entry of `orbs:` stands for. */
  orbs: Readonly<Record<string, Mapping>>;
  config: Mapping;
  /** The orb whose components need no prefix here; undefined in the config itself. */
  orb: string | undefined;
}

/** Variables, booleans and numbers not yet made texts. */
export type RawEnvironment = Record<string, string | number | boolean>;

/** A step with everything filled in. */
export interface ResolvedStep {
  kind: "checkout" | "run";
  name: string;
  command: string;
  shell: string | undefined;
  environment: RawEnvironment;
  when: "always" | "on_fail" | "on_success";
}

/** A job with everything filled in. */
export interface ResolvedJob {
  environment: RawEnvironment;
  /** Images of the docker executor. */
  images: string[];
  steps: ResolvedStep[];
}

const checkout: ResolvedStep = {
  kind: "checkout",
  name: "checkout",
  command: "",
  shell: undefined,
  environment: {},
  when: "on_success",
};

/**
 * Resolves the jobs of a config's workflows, by name, as CircleCI does before it runs them. Throws for what does not
 * exist, is not declared or has the wrong type.
 */
export function resolveJobs(
  config: Mapping,
  orbs: Readonly<Record<string, Mapping>>,
): Map<string, ResolvedJob> {
  const resolver = new Resolver();
  const scope: Scope = { orbs, config, orb: undefined };
  const entries = Object.values(mappingAt(config, "workflows"))
    .filter(isMapping)
    .flatMap(({ jobs = [] }) => jobs);
  return new Map(entries.map((entry) => resolver.job(entry, scope)));
}

/** The one key of a mapping and its value; a text is a key without one. */
function single(value: ConfigValue, where: string): [string, ConfigValue] {
  if (!isMapping(value)) return [String(value), {}];
  const [first, ...others] = Object.entries(value);
  if (first === undefined || others.length > 0) throw new Error(`${where}: one key is meant`);
  return [first[0], first[1] ?? {}];
}

/** Finds `name`, or `orb/name`, and the scope of its own parts. */
function find(scope: Scope, kind: string, name: string): { component: Component; scope: Scope } {
  const [first = "", second] = name.split("/");
  const orb = second === undefined ? scope.orb : first;
  const holder = orb === undefined ? scope.config : scope.orbs[orb];
  const component = componentOf(mappingAt(holder, kind)[second ?? first], `${kind}: ${name}`);
  return { component, scope: { ...scope, orb } };
}

class Resolver {
  /** Steps that were given as a parameter, and the scope of who gave them. */
  readonly #given = new WeakMap<ConfigValue[], Scope>();

  job(entry: ConfigValue, outer: Scope): [string, ResolvedJob] {
    const [called, value] = single(entry, "workflows");
    const { name, context, requires, filters, ...given } = isMapping(value) ? value : {};
    const { component, scope } = find(outer, "jobs", called);
    const body = this.#fill(component, given, outer, called);
    const executor = body["executor"] === undefined ? body : this.#executor(body["executor"], scope);
    const docker = Array.isArray(executor["docker"]) ? executor["docker"].filter(isMapping) : [];
    return [
      String(name ?? called),
      {
        environment: environmentOf(body, called),
        images: docker.map(({ image }) => String(image)),
        steps: this.#steps(body["steps"] ?? [], scope, called),
      },
    ];
  }

  #fill(component: Component, given: Mapping, caller: Scope, where: string): Mapping {
    for (const [name, { type }] of Object.entries(component.parameters)) {
      const steps = given[name];
      if (type === "steps" && Array.isArray(steps)) this.#given.set(steps, caller);
    }
    const filled = substitute(component.body, bind(component.parameters, given, where), where);
    return isMapping(filled) ? filled : {};
  }

  #executor(value: ConfigValue, scope: Scope): Mapping {
    const { name = "", ...given } = isMapping(value) ? value : { name: value };
    const { component } = find(scope, "executors", String(name));
    return this.#fill(component, given, scope, String(name));
  }

  #steps(list: ConfigValue, within: Scope, where: string): ResolvedStep[] {
    if (!Array.isArray(list)) throw new Error(`${where}: steps are a list`);
    const scope = this.#given.get(list) ?? within;
    return list.flatMap((step) => {
      const [name, argument] = single(step, where);
      if (name === "checkout") return [checkout];
      if (name === "run") return [runStep(argument)];
      if (name === "steps") return this.#steps(argument, scope, where);
      if (!isMapping(argument)) throw new Error(`${where}: ${name} takes parameters by name`);
      if (name === "when" || name === "unless") {
        const holds = Boolean(argument["condition"]) === (name === "when");
        return holds ? this.#steps(argument["steps"] ?? [], scope, where) : [];
      }
      const found = find(scope, "commands", name);
      const body = this.#fill(found.component, argument, scope, name);
      return this.#steps(body["steps"] ?? [], found.scope, name);
    });
  }
}

function environmentOf(holder: Mapping, where: string): RawEnvironment {
  const environment = mappingAt(holder, "environment");
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => {
      if (typeof value === "object") throw new Error(`${where}: the variable ${name} is no single value`);
      return [name, value];
    }),
  );
}

function runStep(argument: ConfigValue): ResolvedStep {
  const run: Mapping = isMapping(argument) ? argument : { command: argument };
  const { name, command, shell, when = "on_success" } = run;
  const where = String(name ?? command);
  onlyKeys(run, ["name", "command", "shell", "environment", "when"], where);
  if (typeof command !== "string") throw new Error(`${where}: there is no command`);
  if (when !== "always" && when !== "on_fail" && when !== "on_success")
    throw new Error(`${where}: when is ${String(when)}`);
  return {
    kind: "run",
    name: where,
    command,
    shell: typeof shell === "string" ? shell : undefined,
    environment: environmentOf(run, where),
    when,
  };
}
