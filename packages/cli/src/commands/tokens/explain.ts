import { isBotJoinError } from "@bot-join/core";
import {
  findJoinMethod,
  type JoinMethod,
  type MatchableClaim,
  type MatchTrace,
  matchableClaims,
  matchToken,
  type RuleTrace,
  safeTokenName,
  suggestToken,
  type TokenResource,
} from "@bot-join/resources";

/** Something that a server compares before it looks at any rule. */
interface Precondition {
  what: "role" | "expiry" | "issuer" | "audience";
  wanted: string;
  found: string | undefined;
  passed: boolean;
  /** What to change, when it did not pass. */
  advice: string;
}

/** Whether a token lets an ID token in, and why. */
export interface Explanation {
  letIn: boolean;
  token: { name: string; joinMethod: string; botName: string | undefined };
  /** Who the ID token is for, as far as a rule of this method can name it. */
  claims: MatchableClaim[];
  /** Only those that the claims and the options are enough for. */
  preconditions: Precondition[];
  rules: RuleTrace[];
  /** The server's own line, when claims or rules are why it refuses. */
  answer: string | undefined;
  /** A rule that lets in these claims, and nobody wider. */
  suggestedRule: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** When the ID token ended, if it has. */
  idTokenExpired: Date | undefined;
}

/** What an explanation may depend on beside token and claims. */
export interface ExplainOptions {
  now: Date;
  /** Name of the cluster, which is the audience that some methods want. */
  clusterName?: string;
  serverVersion?: string;
}

/**
 * Explains what a server makes of these claims. A lifetime that is over is only noted, since ID tokens live for minutes;
 * their signature is not verified. Throws `ERR_RESOURCE_METHOD` for a token that claims do not open.
 */
export function explainToken(
  token: TokenResource,
  claims: Readonly<Record<string, unknown>>,
  options: ExplainOptions,
): Explanation {
  const method = findJoinMethod(token.joinMethod);
  const preconditions = method === undefined ? [] : preconditionsOf(method, token, claims, options);
  const trace = matchOrRefusal(token, claims, options);
  const letIn = trace.matched && preconditions.every(({ passed }) => passed);
  return {
    letIn,
    token: { name: safeTokenName(token), joinMethod: token.joinMethod, botName: token.botName },
    claims: ignoringWrongTypes(() => matchableClaims(token.joinMethod, claims)) ?? [],
    preconditions,
    rules: trace.rules,
    answer: trace.matched ? undefined : (trace.refusal?.message ?? method?.noMatch(newestServer)),
    suggestedRule: letIn ? undefined : suggestedRule(token, claims),
    idTokenExpired: expiredAt(claims["exp"], options.now),
  };
}

/** No method's line depends on the version. */
const newestServer = [Number.POSITIVE_INFINITY, 0, 0] as const;

/** A claim of a wrong type is a refusal here, where a verdict is asked for. */
function matchOrRefusal(
  token: TokenResource,
  claims: Readonly<Record<string, unknown>>,
  { serverVersion }: ExplainOptions,
): MatchTrace {
  try {
    return matchToken(token, claims, serverVersion === undefined ? {} : { serverVersion });
  } catch (error) {
    if (!isWrongType(error)) throw error;
    return { matched: false, rules: [], refusal: { class: "bad-parameter", message: error.message } };
  }
}

function ignoringWrongTypes<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch (error) {
    if (!isWrongType(error)) throw error;
    return undefined;
  }
}

function isWrongType(error: unknown): error is Error {
  return isBotJoinError(error) && error.code === "ERR_RESOURCE_CLAIM_TYPE";
}

function preconditionsOf(
  method: JoinMethod,
  token: TokenResource,
  claims: Readonly<Record<string, unknown>>,
  { now, clusterName }: ExplainOptions,
): Precondition[] {
  const found: Precondition[] = [];
  if (!token.roles.includes("Bot") || method.name === "ec2") {
    found.push({
      what: "role",
      wanted: "Bot",
      found: method.name === "ec2" ? "ec2 admits no bots" : token.roles.join(", "),
      passed: false,
      advice: "A bot joins with a token whose roles are [Bot] and that has a bot_name.",
    });
  }
  if (token.expires !== undefined) {
    found.push({
      what: "expiry",
      wanted: `before ${token.expires.toISOString()}`,
      found: now.toISOString(),
      passed: now < token.expires,
      advice: "The token's metadata.expires has passed, and the server has forgotten it: create it again.",
    });
  }
  const issuer = method.expectedIssuer(token);
  if (issuer !== undefined && claims["iss"] !== undefined) {
    found.push({
      what: "issuer",
      wanted: issuer,
      found: texts(claims["iss"]).join(", "),
      passed: claims["iss"] === issuer,
      advice: `The ID token comes from another issuer than spec.${method.name} names: correct its host there, or take the token of the right platform.`,
    });
  }
  const audience = audienceOf(method, token, clusterName);
  if (audience !== undefined && claims["aud"] !== undefined) {
    found.push({
      what: "audience",
      wanted: audience,
      found: texts(claims["aud"]).join(", "),
      passed: texts(claims["aud"]).includes(audience),
      advice: `Have the ID token issued for the audience ${JSON.stringify(audience)}.`,
    });
  }
  return found;
}

/** Gives the audience when it is known: that of some methods is the cluster's name, which nobody may have told. */
function audienceOf(
  method: JoinMethod,
  token: TokenResource,
  clusterName: string | undefined,
): string | undefined {
  if (clusterName !== undefined) return method.expectedAudience(token, clusterName);
  const constant = method.expectedAudience(token, "a");
  return constant === method.expectedAudience(token, "b") ? constant : undefined;
}

function texts(value: unknown): string[] {
  return [value].flat().map((each) => (typeof each === "string" ? each : JSON.stringify(each)));
}

function expiredAt(seconds: unknown, now: Date): Date | undefined {
  if (typeof seconds !== "number" || Math.abs(seconds) > 8.64e12) return undefined;
  const time = new Date(seconds * 1000);
  return time < now ? time : undefined;
}

function suggestedRule(
  token: TokenResource,
  claims: Readonly<Record<string, unknown>>,
): Explanation["suggestedRule"] {
  try {
    return suggestToken(token.joinMethod, claims).rule;
  } catch (error) {
    if (!isBotJoinError(error)) throw error;
    // Claims of another platform, or too few of them.
    return undefined;
  }
}
