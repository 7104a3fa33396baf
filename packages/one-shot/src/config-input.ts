import { resolve } from "node:path";
import type { InputsBelow, RawInputs } from "@bot-join/runner";
import { OneShotError } from "./errors.ts";
import type { TbotConfig } from "./tbot-yaml/config.ts";

/** What reading a tbot.yaml takes from its surroundings. */
interface ConfigFacts {
  environment: Readonly<Record<string, string | undefined>>;
  workingDirectory: string;
}

/** What of the inputs the section `onboarding` of a tbot.yaml gives. */
const onboarding = ["token", "join-method", "ca-pin", "ca-file", "id-token-variable", "id-token-file"];

/** Any of these, given by the user, stands for a whole section `onboarding` (outputs.md section 9.1). */
const replacesOnboarding = ["token", "join-method", "ca-pin", "ca-pins"];

/**
 * Reads the tbot.yaml that the inputs name; undefined when they name none, and the YAML parser is not loaded then. Throws
 * `ERR_RUN_CONFIG` and `ERR_RUN_FILE_INPUT`.
 */
export async function readConfigInput(
  inputs: RawInputs,
  facts: ConfigFacts,
): Promise<TbotConfig | undefined> {
  const path = inputs["config"]?.trim() ?? "";
  const encoded = inputs["config-string"]?.trim() ?? "";
  if (path === "" && encoded === "") return undefined;
  const { parseTbotYaml, readTbotYaml } = await import("./tbot-yaml/read.ts");
  const surroundings = { environment: facts.environment, absolute: absoluteIn(facts.workingDirectory) };
  return path === ""
    ? parseTbotYaml(decodeBase64(encoded), "The tbot.yaml in config-string", surroundings)
    : readTbotYaml(resolve(facts.workingDirectory, path), surroundings);
}

/**
 * Gives what the file says of the inputs, to be laid below those of the user, with tbot's precedence. Where no identity is kept,
 * its `storage` has no effect, which becomes one of its notices.
 */
export function inputsOfConfig(config: TbotConfig, keepsIdentity: boolean): InputsBelow {
  const { "data-dir": storage, ...inputs } = config.inputs;
  if (storage !== undefined && keepsIdentity) inputs["data-dir"] = storage;
  if (storage !== undefined && !keepsIdentity)
    config.notices.push("storage has no effect here: only `bot-join start` keeps the identity of a bot.");
  return (given) => {
    const replaced = replacesOnboarding.some((name) => (given[name] ?? "").trim() !== "");
    return Object.fromEntries(
      Object.entries(inputs).filter(([name]) => !(replaced && onboarding.includes(name))),
    );
  };
}

/**
 * Writes a tbot.yaml, and reads it back, so that nothing is written that cannot be used. Throws `ERR_RUN_CONFIG`; `workingDirectory`
 * is where its relative paths count from.
 */
export async function renderConfig(config: object, workingDirectory: string): Promise<string> {
  const { parseTbotYaml } = await import("./tbot-yaml/read.ts");
  const { writeTbotYaml } = await import("./tbot-yaml/write.ts");
  const text = writeTbotYaml(config);
  parseTbotYaml(text, "The tbot.yaml of these flags", {
    environment: {},
    absolute: absoluteIn(workingDirectory),
  });
  return text;
}

/** Makes paths absolute that count from a folder, and gives each folder one spelling. */
export function absoluteIn(directory: string): (path: string) => string {
  return (path) => resolve(directory, path);
}

function decodeBase64(text: string): string {
  if (/^[A-Za-z0-9+/_\s-]+=*\s*$/.test(text)) return Buffer.from(text, "base64").toString("utf8");
  throw new OneShotError({
    code: "ERR_RUN_CONFIG",
    kind: "user",
    message: "The input config-string is not in base64.",
    hint: "Give the text of a tbot.yaml as `base64 -w0 tbot.yaml` prints it, or its path with config.",
  });
}
