import { BotJoinError } from "@bot-join/core";
import {
  checkToken,
  formatProblem,
  type ResourceProblem,
  safeTokenName,
  type TokenResource,
} from "@bot-join/resources";
import { systemClock } from "@bot-join/runner";
import { readTextFile, sourceName } from "../../read-text-file.ts";
import { verdictStatus } from "./check.ts";
import { type ClaimsSource, readClaimsFile } from "./claims-file.ts";
import { type Explanation, explainToken } from "./explain.ts";
import { explanationText } from "./explain-text.ts";

/** What `tokens explain` is given. */
export interface ExplainRequest extends ClaimsSource {
  tokenFile: string;
  /** Name of the token, when the file holds several. */
  token?: string;
  cluster?: string;
  serverVersion?: string;
  format: "text" | "json";
}

/**
 * Explains a token of a file to the bearer of some claims, and gives the exit status. Throws `ERR_RESOURCE_…` and
 * `ERR_CLI_TOKEN` when the file has not exactly one token that is meant, or one that no server takes.
 */
export async function explainFiles(request: ExplainRequest, print: (text: string) => void): Promise<number> {
  const { tokenFile, cluster, serverVersion, format } = request;
  const version = serverVersion === undefined ? {} : { serverVersion };
  const claims = await readClaimsFile(request, "tokens explain");
  const { token, warnings } = await readToken(tokenFile, request.token, version);
  const explanation = explainToken(token, claims, {
    now: systemClock.now(),
    ...version,
    ...(cluster !== undefined && { clusterName: cluster }),
  });
  if (format === "json") {
    print(`${JSON.stringify(jsonOf(explanation, warnings), undefined, 2)}\n`);
  } else {
    const doubts = warnings.map((warning) => `Doubtful: ${formatProblem(warning)}\n`).join("");
    print([explanationText(explanation), ...(doubts === "" ? [] : [doubts])].join("\n"));
  }
  return explanation.letIn ? verdictStatus.fine : verdictStatus.refused;
}

async function readToken(
  path: string,
  name: string | undefined,
  version: { serverVersion?: string },
): Promise<{ token: TokenResource; warnings: ResourceProblem[] }> {
  const source = sourceName(path);
  const { resources, problems, warnings, unreadable } = checkToken(await readTextFile(path), source, version);
  if (problems.length > 0) {
    throw new BotJoinError({
      code: unreadable ?? "ERR_RESOURCE_INVALID",
      kind: "user",
      message: [
        `The server would not take what is in ${source}:`,
        ...problems.slice(0, 50).map(formatProblem),
      ].join("\n"),
      hint: "Correct the document; bot-join tokens check says all about it.",
    });
  }
  const tokens = resources.filter((resource) => resource.kind === "token");
  const meant = name === undefined ? tokens : tokens.filter((token) => token.name === name);
  const [token] = meant;
  if (token !== undefined && meant.length === 1) return { token, warnings };
  const names = tokens.map(safeTokenName).join(", ");
  throw new BotJoinError({
    code: "ERR_CLI_TOKEN",
    kind: "user",
    message:
      tokens.length === 0
        ? `${source} holds no provision token.`
        : `${source} holds ${tokens.length} provision tokens, ${name === undefined ? "and which one is meant was not said" : `${meant.length === 0 ? "none" : meant.length} of them of that name`}.`,
    hint: tokens.length === 0 ? "Give a document of kind token." : `Name one with --token: ${names}.`,
  });
}

function jsonOf(explanation: Explanation, warnings: readonly ResourceProblem[]): object {
  const { token, rules, preconditions, claims, idTokenExpired } = explanation;
  return {
    let_in: explanation.letIn,
    token: { name: token.name, join_method: token.joinMethod, bot_name: token.botName },
    claims: claims.map(({ field, claim, value }) => ({ field, claim, value })),
    preconditions: preconditions.map(({ advice, passed, ...rest }) => ({
      ...rest,
      matched: passed,
      ...(!passed && { advice }),
    })),
    rules,
    answer: explanation.answer,
    suggested_rule: explanation.suggestedRule,
    id_token_expired: idTokenExpired?.toISOString(),
    warnings: warnings.map(({ line, column, path, message }) => ({ line, column, path, message })),
  };
}
