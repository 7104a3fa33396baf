import { Secret } from "@bot-join/core";
import { findInput } from "./inputs.ts";
import { type InputValue, kindRules } from "./parse-value.ts";

/** The inputs of one join, checked and with defaults filled in. What is undefined was not given and has no default. */
export interface Inputs {
  /** As given; it may lack the port. */
  proxy: string;
  /** The token's name, which is a secret itself with the join method `token`; undefined only beside a `dataDirectory`. */
  token: Secret | undefined;
  joinMethod: string | undefined;
  /** YAML, not yet parsed. */
  outputs: string | undefined;
  directory: string | undefined;
  /** As given: a path or a URI. */
  dataDirectory: string | undefined;
  id: string;
  certificateTtlMs: number;
  roles: string[] | undefined;
  audience: string | undefined;
  idToken: Secret | undefined;
  idTokenFile: string | undefined;
  idTokenCommand: string | undefined;
  /** Names of variables, at least one. */
  idTokenVariables: string[] | undefined;
  exportEnv: boolean;
  expectCluster: string | undefined;
  expectBot: string | undefined;
  expectRoles: string[] | undefined;
  caFile: string | undefined;
  caPins: string[];
  insecure: boolean;
  timeoutMs: number;
  /** Tries of one request in all, at least 1. */
  retries: number;
  cleanup: boolean;
  fips: boolean;
  debug: boolean;
  allowReissue: boolean;
  /** Sentences for the log, about inputs that were accepted and have no effect. */
  notices: string[];
}

/** Fills in the defaults and gives each value its type. */
export function completeInputs(
  values: ReadonlyMap<string, InputValue | undefined>,
  notices: string[],
): Inputs {
  const read = reader(values);
  return {
    proxy: read.text("proxy") ?? "",
    token: read.secret("token"),
    joinMethod: read.text("join-method"),
    outputs: read.text("outputs"),
    directory: read.text("directory"),
    dataDirectory: read.text("data-dir"),
    id: read.text("id") ?? "",
    certificateTtlMs: read.number("certificate-ttl"),
    roles: read.list("roles"),
    audience: read.text("audience"),
    idToken: read.secret("id-token"),
    idTokenFile: read.text("id-token-file"),
    idTokenCommand: read.text("id-token-command"),
    idTokenVariables: read.list("id-token-variable"),
    exportEnv:
      read.boolean("export-env") &&
      !["true", "1"].includes((read.text("disable-env-vars") ?? "").trim().toLowerCase()),
    expectCluster: read.text("expect-cluster"),
    expectBot: read.text("expect-bot"),
    expectRoles: read.list("expect-roles"),
    caFile: read.text("ca-file"),
    caPins: read.list("ca-pin") ?? [],
    insecure: read.boolean("insecure"),
    timeoutMs: read.number("timeout"),
    retries: read.number("retries"),
    cleanup: read.boolean("cleanup"),
    fips: read.boolean("fips"),
    debug: read.boolean("debug"),
    allowReissue: read.boolean("allow-reissue"),
    notices,
  };
}

interface Reader {
  text(name: string): string | undefined;
  secret(name: string): Secret | undefined;
  list(name: string): string[] | undefined;
  boolean(name: string): boolean;
  number(name: string): number;
}

/** Gives a value by the type that its kind parses to; a default is read by the same rule as a given text. */
function reader(values: ReadonlyMap<string, InputValue | undefined>): Reader {
  const get = (name: string): InputValue | undefined => {
    const definition = findInput(name);
    if (definition === undefined) throw new TypeError(`there is no input ${name}`);
    const given = values.get(name);
    if (given !== undefined || definition.default === undefined) return given;
    return kindRules[definition.kind].parse(definition.default, definition);
  };
  const text = (name: string): string | undefined => {
    const value = get(name);
    return typeof value === "string" ? value : undefined;
  };
  return {
    text,
    secret: (name) => {
      const value = text(name);
      return value === undefined ? undefined : new Secret(value);
    },
    list: (name) => {
      const value = get(name);
      return Array.isArray(value) ? value : undefined;
    },
    boolean: (name) => get(name) === true,
    number: (name) => Number(get(name)),
  };
}
