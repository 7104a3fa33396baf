import { readFile } from "node:fs/promises";
import { describeError } from "@bot-join/core";
import { OneShotError } from "../errors.ts";
import type { PlannedIdentityOutput, PlannedOutput } from "../plan.ts";
import { readConfig, type TbotConfig } from "./config.ts";
import { type OutputContext, readOutputs } from "./outputs.ts";
import { YamlDocument } from "./yaml-document.ts";

type Surroundings = Pick<OutputContext, "absolute" | "environment">;

/**
 * Reads the input `outputs`: a YAML list in tbot's vocabulary. All problems come in one `ERR_RUN_OUTPUTS_INPUT`, each with
 * its line and column. `defaults` fills what an output leaves out; only the first may leave its destination out.
 */
export function parseOutputs(
  text: string,
  defaults: PlannedIdentityOutput,
  surroundings: Surroundings,
): PlannedOutput[] {
  const document = new YamlDocument(text);
  if (document.root === undefined) document.problem(0, "a list of outputs is wanted: - type: identity …");
  else if (document.problems.length === 0) {
    const context = { ...surroundings, defaults, firstHasDefault: true };
    const outputs = readOutputs(document, [document.root], context);
    if (outputs.length === 0 && document.problems.length === 0)
      document.problem(document.root, "a list of outputs is wanted: - type: identity …");
    if (document.problems.length === 0) return outputs;
  }
  throw problemsIn(document, {
    code: "ERR_RUN_OUTPUTS_INPUT",
    what: "The input outputs cannot be used",
    hint: "It is a YAML list as tbot has it under outputs; docs/outputs.md has every type with its keys.",
  });
}

/**
 * Reads a tbot.yaml of version v2. All problems come in one `ERR_RUN_CONFIG`, each with its line and column; a file that
 * cannot be read is `ERR_RUN_FILE_INPUT`.
 */
export async function readTbotYaml(path: string, surroundings: Surroundings): Promise<TbotConfig> {
  return parseTbotYaml(await readText(path), path, surroundings);
}

/** Reads the text of a tbot.yaml; `where` names it in messages. Throws `ERR_RUN_CONFIG`. */
export function parseTbotYaml(text: string, where: string, surroundings: Surroundings): TbotConfig {
  const document = new YamlDocument(text);
  const unusable = (): OneShotError =>
    problemsIn(document, {
      code: "ERR_RUN_CONFIG",
      what: `${where} cannot be used`,
      hint: "docs/migrate-from-tbot.md says what of a tbot.yaml bot-join takes. tbot ignores unknown keys inside outputs; here they are errors.",
    });
  if (document.problems.length > 0) throw unusable();
  const config = readConfig(document, surroundings);
  if (document.problems.length > 0) throw unusable();
  return {
    ...config,
    outputs(defaults) {
      const outputs = config.outputs(defaults);
      if (outputs.length === 0)
        document.problem(document.root, "there are no outputs: a join without any writes nothing");
      if (document.problems.length > 0) throw unusable();
      return outputs;
    },
  };
}

/** More problems than this help nobody. */
const shownProblems = 20;

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new OneShotError({
      code: "ERR_RUN_FILE_INPUT",
      kind: "user",
      message: `The input config names ${path}, which cannot be read: ${describeError(error)}.`,
      hint: "Give the path of a tbot.yaml; a relative one counts from the working directory.",
      cause: error,
    });
  }
}

function problemsIn(
  { problems }: YamlDocument,
  { code, what, hint }: { code: "ERR_RUN_CONFIG" | "ERR_RUN_OUTPUTS_INPUT"; what: string; hint: string },
): OneShotError {
  const shown = [...new Set(problems)];
  const more = shown.splice(shownProblems).length;
  return new OneShotError({
    code,
    kind: "user",
    message: [
      `${what}:`,
      ...shown.map((problem) => `- ${problem}`),
      ...(more > 0 ? [`and ${more} more`] : []),
    ].join("\n"),
    hint,
    details: { problems: shown },
  });
}
