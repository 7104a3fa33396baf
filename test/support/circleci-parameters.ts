/** A value as a config has it, and as parameters take it. */
export type ConfigValue = string | number | boolean | null | ConfigValue[] | { [key: string]: ConfigValue };

/** A mapping of a config. */
export type Mapping = { [key: string]: ConfigValue };

/** What orbs call the types of their parameters. */
type ParameterType = "string" | "boolean" | "integer" | "enum" | "executor" | "steps" | "env_var_name";

/** The types of parameters that orbs may have (platform-plugins.md section 4.1). */
const isOfType: Readonly<Record<ParameterType, (value: ConfigValue, parameter: Parameter) => boolean>> = {
  string: (value) => typeof value === "string",
  boolean: (value) => typeof value === "boolean",
  integer: (value) => Number.isInteger(value),
  enum: (value, { enum: words = [] }) => words.includes(String(value)),
  executor: (value) => typeof value === "string" || isMapping(value),
  steps: (value) => Array.isArray(value),
  env_var_name: (value) => /^[A-Za-z_]\w*$/.test(String(value)),
};

/** A parameter as a command, a job or an executor declares it. */
export interface Parameter {
  type: ParameterType;
  description?: string;
  default?: ConfigValue;
  enum?: string[];
}

/** A component of an orb or a config, its parameters checked. */
export interface Component {
  parameters: Record<string, Parameter>;
  body: Mapping;
}

/** Reads a component's parameters. Throws for what the schema of a config does not know. */
export function componentOf(value: ConfigValue | undefined, where: string): Component {
  if (!isMapping(value)) throw new Error(`${where}: there is no such component`);
  const { parameters = {}, ...body } = value;
  const declared = Object.entries(isMapping(parameters) ? parameters : {});
  return { parameters: Object.fromEntries(declared.map((entry) => readParameter(entry, where))), body };
}

function readParameter([name, value]: [string, ConfigValue], where: string): [string, Parameter] {
  const problem = (what: string): Error => new Error(`${where}: the parameter ${name} ${what}`);
  if (!isMapping(value)) throw problem("is no mapping");
  onlyKeys(value, ["type", "description", "default", "enum"], `${where}: ${name}`);
  const { type, description, default: usual, enum: words } = value;
  if (typeof type !== "string" || !(type in isOfType))
    throw problem(`has no type that exists: ${String(type)}`);
  const parameter: Parameter = {
    type: type as ParameterType,
    ...(description === undefined ? {} : { description: String(description) }),
    ...(usual === undefined ? {} : { default: usual }),
    ...(Array.isArray(words) ? { enum: words.map(String) } : {}),
  };
  if (usual !== undefined && !isOfType[parameter.type](usual, parameter))
    throw problem("has a default of another type");
  return [name, parameter];
}

/** Throws when a mapping has a key that is not meant. */
export function onlyKeys(value: Mapping, keys: readonly string[], where: string): void {
  const others = Object.keys(value).filter((key) => !keys.includes(key));
  if (others.length > 0) throw new Error(`${where}: ${others.join(", ")} is unknown`);
}

/** Tells mappings from lists and single values. */
export function isMapping(value: ConfigValue | undefined): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The mapping under a key; an empty one where there is none. */
export function mappingAt(value: Mapping | undefined, key: string): Mapping {
  const found = value?.[key];
  return isMapping(found) ? found : {};
}

/** Fills parameters in: a text that is one parameter becomes its value, others take its text; `\<<` is `<<`. */
export function substitute(value: ConfigValue, given: Mapping, where: string): ConfigValue {
  if (Array.isArray(value)) return value.map((item) => substitute(item, given, where));
  if (isMapping(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, substitute(item, given, where)]),
    );
  }
  if (typeof value !== "string") return value;
  const lookUp = (name: string): ConfigValue => {
    const found = given[name];
    if (found === undefined) throw new Error(`${where}: << parameters.${name} >> is not declared`);
    return found;
  };
  const whole = /^<<\s*parameters\.(\w+)\s*>>$/.exec(value)?.[1];
  if (whole !== undefined) return lookUp(whole);
  return value.replaceAll(/\\<<|<<\s*([^>]*?)\s*>>/g, (text, expression: string | undefined) => {
    if (expression === undefined) return "<<";
    const name = /^parameters\.(\w+)$/.exec(expression)?.[1];
    if (name === undefined) throw new Error(`${where}: ${text} cannot be filled in`);
    return String(lookUp(name));
  });
}

/** Checks the arguments of a component and adds its defaults. */
export function bind(parameters: Record<string, Parameter>, given: Mapping, where: string): Mapping {
  for (const name of Object.keys(given)) {
    if (parameters[name] === undefined) throw new Error(`${where}: there is no parameter ${name}`);
  }
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => {
      const value = given[name] ?? parameter.default;
      if (value === undefined) throw new Error(`${where}: the parameter ${name} is required`);
      if (!isOfType[parameter.type](value, parameter))
        throw new Error(`${where}: ${name} is no ${parameter.type}: ${JSON.stringify(value)}`);
      return [name, value];
    }),
  );
}
