import { join, resolve } from "node:path";
import { detectPlatform } from "@bot-join/id-tokens";
import { findJoinMethod, type JoinMethod } from "@bot-join/join";
import type { Inputs } from "@bot-join/runner";
import { parseProxyAddress } from "@bot-join/transport";
import { absoluteIn } from "./config-input.ts";
import { dataDirectoryPath } from "./data-directory-input.ts";
import { OneShotError, tokenMissing } from "./errors.ts";
import type { Plan, PlannedIdentityOutput, PlannedOutput } from "./plan.ts";
import { directoryOf } from "./plan-paths.ts";

/** What a plan takes from its surroundings. */
export interface PlanFacts {
  environment: Readonly<Record<string, string | undefined>>;
  /** The platform's job-temporary directory, absolute. */
  temporaryDirectory: string;
  workingDirectory: string;
  /** A fresh name, for the folder of an identity whose folder nobody named. */
  randomName: string;
}

/** Makes the outputs of a tbot.yaml; the argument fills what an output leaves out. */
type ConfiguredOutputs = (defaults: PlannedIdentityOutput) => PlannedOutput[];

/**
 * Completes the inputs into one checked plan; pure, but for loading the YAML parser when `outputs` is given. The outputs of a
 * tbot.yaml are written unless the inputs say what or where, as tbot has it with `--destination-dir` (outputs.md section 10.2).
 */
export async function createPlan(
  inputs: Inputs,
  facts: PlanFacts,
  configured?: ConfiguredOutputs,
): Promise<Plan> {
  const directory = resolve(
    facts.workingDirectory,
    inputs.directory ?? join(facts.temporaryDirectory, `bot-join-${inputs.id}-${facts.randomName}`),
  );
  const identity: PlannedIdentityOutput = {
    type: "identity",
    destination: { kind: "directory", path: directory, symlinks: "try-secure" },
    roles: inputs.roles ?? [],
    credentialTtlMs: undefined,
    name: undefined,
    pkcs12: undefined,
    cluster: undefined,
    allowReissue: inputs.allowReissue,
    sshConfig: true,
  };
  const joinMethod = findJoinMethod(inputs.joinMethod ?? platformMethod(facts));
  const dataDirectory =
    inputs.dataDirectory === undefined
      ? undefined
      : dataDirectoryPath(inputs.dataDirectory, facts.workingDirectory);
  checkToken(inputs, joinMethod, dataDirectory);
  const outputs = await outputsOf(inputs, identity, facts, configured);
  checkDataDirectory(outputs, dataDirectory);
  return {
    proxy: parseProxyAddress(inputs.proxy),
    token: inputs.token,
    joinMethod,
    audience: inputs.audience,
    idToken: inputs.idToken,
    idTokenFile: inputs.idTokenFile,
    idTokenCommand: inputs.idTokenCommand,
    idTokenVariables: inputs.idTokenVariables,
    id: inputs.id,
    outputs,
    dataDirectory,
    certificateTtlMs: inputs.certificateTtlMs,
    keyType: inputs.fips ? "rsa-2048" : "ecdsa-p256",
    exportEnv: inputs.exportEnv,
    expect: { cluster: inputs.expectCluster, bot: inputs.expectBot, roles: inputs.expectRoles ?? [] },
    caFile: inputs.caFile === undefined ? undefined : resolve(facts.workingDirectory, inputs.caFile),
    caPins: inputs.caPins,
    insecure: inputs.insecure,
    timeoutMs: inputs.timeoutMs,
    attempts: inputs.retries,
    cleanup: inputs.cleanup,
  };
}

/** Only a bot that keeps its identity can do without a token, and only once it has one. */
function checkToken(inputs: Inputs, { name, proof }: JoinMethod, dataDirectory: string | undefined): void {
  if (inputs.token !== undefined || (proof === "secret" && dataDirectory !== undefined)) return;
  throw tokenMissing(
    proof === "secret"
      ? "data-dir names no directory that could hold an identity"
      : `a bot of the join method ${name} keeps no identity in its data directory`,
  );
}

/** Both have files of the same names: the output's would take the place of what the bot lives from. */
function checkDataDirectory(outputs: readonly PlannedOutput[], dataDirectory: string | undefined): void {
  if (dataDirectory === undefined || !outputs.some((output) => directoryOf(output) === dataDirectory)) return;
  throw new OneShotError({
    code: "ERR_RUN_DATA_DIRECTORY",
    kind: "user",
    message: `The directory ${dataDirectory} is to hold the bot's own identity and an output as well.`,
    hint: "Give the output another directory than data-dir, which a tbot.yaml calls storage.",
  });
}

function platformMethod(facts: PlanFacts): string {
  const detected = detectPlatform(facts.environment);
  if (detected !== undefined) return detected.platform;
  throw new OneShotError({
    code: "ERR_RUN_JOIN_METHOD_MISSING",
    kind: "user",
    message: "No CI platform was recognised, and no join method was given.",
    hint: "Say how the job joins with join-method: the method that the token resource names, or token for a secret token.",
  });
}

/** The YAML parser is loaded only for `outputs`: most jobs never need it. */
async function outputsOf(
  inputs: Inputs,
  identity: PlannedIdentityOutput,
  { environment, workingDirectory }: PlanFacts,
  configured: ConfiguredOutputs | undefined,
): Promise<Plan["outputs"]> {
  const surroundings = { environment, absolute: absoluteIn(workingDirectory) };
  let outputs: PlannedOutput[] = [];
  if (inputs.outputs !== undefined) {
    const { parseOutputs } = await import("./tbot-yaml/read.ts");
    outputs = parseOutputs(inputs.outputs, identity, surroundings);
  } else if (inputs.directory === undefined) outputs = configured?.(identity) ?? [];
  const [first, ...rest] = outputs;
  return first === undefined ? [identity] : [first, ...rest];
}
