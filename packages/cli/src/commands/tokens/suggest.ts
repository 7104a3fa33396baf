import {
  findJoinMethod,
  type SuggestionOptions,
  suggestionBreadths,
  suggestToken,
  writeYaml,
} from "@bot-join/resources";
import { detectJoinMethod } from "./detect-method.ts";

/** Flags of `tokens suggest` beside those that name the claims. */
export interface SuggestFlags {
  joinMethod?: string;
  breadth?: string;
  name?: string;
  botName?: string;
  cluster?: string;
  format: "text" | "json";
}

/** Writes a token for whoever has these claims, with what it lets in beside it. */
export function suggestText(claims: Readonly<Record<string, unknown>>, flags: SuggestFlags): string {
  const joinMethod = flags.joinMethod ?? detectJoinMethod(claims);
  const options: SuggestionOptions = {
    ...(flags.name !== undefined && { name: flags.name }),
    ...(flags.botName !== undefined && { botName: flags.botName }),
    ...(flags.cluster !== undefined && { clusterName: flags.cluster }),
  };
  const suggestion = suggestToken(joinMethod, claims, flags.breadth, options);
  const method = findJoinMethod(joinMethod);
  const breadths = method === undefined ? [] : suggestionBreadths(method);
  if (flags.format === "json") return `${JSON.stringify({ ...suggestion, breadths }, undefined, 2)}\n`;
  return [
    `# Breadth ${suggestion.breadth} (of ${breadths.join(", ")}):\n`,
    `# a job with another ${suggestion.claims.join(" or ")} stays out.\n`,
    writeYaml(suggestion.document),
  ].join("");
}
