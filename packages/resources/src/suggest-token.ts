import { type Claims, type ClaimValue, readClaims } from "./claims.ts";
import { ResourceError } from "./errors.ts";
import { hasGlob } from "./glob.ts";
import type { RuleValue } from "./join-methods/comparison.ts";
import type {
  Breadth,
  JoinMethod,
  MatchableField,
  SuggestionContext,
  TokenSpec,
} from "./join-methods/join-method.ts";
import type { KeyTable } from "./keys.ts";
import { isMapping } from "./mapping.ts";
import { deriveFreely, matchToken, methodWithRules } from "./match-token.ts";
import type { TokenResource } from "./model.ts";
import { newestServer } from "./server-version.ts";
import type { TokenDocument } from "./token-document.ts";

/** What a suggested token is to be called and who joins by it. */
export interface SuggestionOptions extends SuggestionContext {
  /** Default: made of the method and the first field of the rule. */
  name?: string;
  /** Default `my-bot`. */
  botName?: string;
}

/** A token that lets in whoever has some claims. */
export interface Suggestion {
  document: TokenDocument;
  /** How wide it is; one of {@link suggestionBreadths}. */
  breadth: string;
  /** The one rule, by its fields. */
  rule: Readonly<Record<string, string | readonly string[]>>;
  /** The claims that the rule names: a job for which one of them differs stays out. */
  claims: string[];
}

/** Lists how wide a suggested token of this method may be, the default first; empty for a method without rules. */
export function suggestionBreadths(method: JoinMethod): string[] {
  return method.breadths.map(({ name }) => name);
}

/**
 * Makes the narrowest sensible token for these claims, or one of exactly the breadth asked for. The token matches
 * its own claims, and nothing in it globs. Throws ERR_RESOURCE_SUGGEST when the claims lack what the breadth
 * names, hold something that no rule can name exactly or are refused whatever the rule says; ERR_RESOURCE_METHOD and
 * ERR_RESOURCE_CLAIM_TYPE as {@link matchToken}.
 */
export function suggestToken(
  methodName: string,
  claims: Readonly<Record<string, unknown>>,
  breadth?: string,
  options: SuggestionOptions = {},
): Suggestion {
  const method = methodWithRules(methodName);
  const found = deriveFreely(method, readClaims(method.name, method.reader, claims));
  const chosen = chooseBreadth(method, found, breadth);
  const rule: Record<string, string | readonly string[]> = {};
  for (const name of chosen.fields) rule[name] = valueFor(method, fieldOf(method, name), found);
  const block = dropUndefined({ ...method.suggestBlock?.(claims, options), allow: [rule] });
  const own = method.name === "ec2" || method.name === "iam" ? { allow: [rule] } : { [method.name]: block };
  const first = Object.values(rule)[0] ?? "";
  const name = options.name ?? defaultName(method.name, typeof first === "string" ? first : (first[0] ?? ""));
  const botName = options.botName ?? "my-bot";
  // Instance identity documents do not open anything for bots.
  const identity = method.name === "ec2" ? { roles: ["Node"] } : { roles: ["Bot"], bot_name: botName };
  const spec = { ...identity, join_method: method.name, ...own };
  verify(method, spec, claims);
  return {
    document: { kind: "token", version: "v2", metadata: { name }, spec },
    breadth: chosen.name,
    rule,
    claims: chosen.fields.map((field) => fieldOf(method, field).claim),
  };
}

function chooseBreadth(method: JoinMethod, found: Claims, wanted: string | undefined): Breadth {
  const names = suggestionBreadths(method).join(", ");
  const possible = (breadth: Breadth): boolean =>
    breadth.fields.every((field) => isSet(rawValue(method, fieldOf(method, field), found)));
  if (wanted !== undefined) {
    const asked = method.breadths.find(({ name }) => name === wanted);
    if (asked === undefined) {
      throw fault(method, `there is no breadth "${wanted}"`, `Ask for one of ${names}.`);
    }
    if (possible(asked)) return asked;
    const missing = asked.fields.filter((field) => !isSet(rawValue(method, fieldOf(method, field), found)));
    throw fault(
      method,
      `breadth "${wanted}" names ${missing.join(", ")}, which these claims do not have`,
      `Ask for another breadth (${names}), or give claims of a job that has them.`,
    );
  }
  const narrowest = method.breadths.find((each) => possible(each) && (each.when?.(found) ?? true));
  if (narrowest !== undefined) return narrowest;
  throw fault(
    method,
    "these claims have nothing that a rule could name",
    `Give the claims of a ${method.name} ID token: ${method.fields.map(({ claim }) => claim).join(", ")}.`,
  );
}

function fieldOf(method: JoinMethod, name: string): MatchableField {
  const field = method.fields.find((each) => each.field === name);
  if (field === undefined) throw new TypeError(`${method.name} has no field ${name}`);
  return field;
}

function rawValue(
  method: JoinMethod,
  { field, claim }: MatchableField,
  found: Claims,
): RuleValue | ClaimValue {
  return method.suggestField === undefined ? found.get(claim) : method.suggestField(field, found);
}

function valueFor(method: JoinMethod, field: MatchableField, found: Claims): string | readonly string[] {
  const value = rawValue(method, field, found);
  const text = typeof value === "string" ? value : "";
  if (field.compare.globs && hasGlob(text)) {
    throw fault(
      method,
      `claim "${field.claim}" holds * or ?, which would stand for more than themselves in a rule`,
      "Ask for a breadth that does not name this claim.",
    );
  }
  return field.compare.listed === true ? [text] : text;
}

/** Makes sure of what is promised: the server would take the token, and it matches. */
function verify(
  method: JoinMethod,
  written: Record<string, unknown>,
  claims: Readonly<Record<string, unknown>>,
): void {
  const spec = {
    suggested_labels: {},
    suggested_agent_matcher_labels: {},
    aws_iid_ttl: "",
    allow: [],
    ...written,
  };
  const block = written[method.name];
  const filled: TokenSpec = {
    ...(spec as unknown as TokenSpec),
    ...(isMapping(block) ? { [method.name]: fillDefaults(block, method.keys ?? {}) } : {}),
  };
  if (isMapping(block) === false) {
    filled.allow = filled.allow.map((rule) => ({ ...emptyAwsRule, ...rule }));
  }
  const [problem] = method.check(filled, newestServer);
  if (problem !== undefined) {
    throw fault(
      method,
      `the server would refuse the token: ${problem.message}`,
      "Give all claims of the ID token.",
    );
  }
  const token: TokenResource = {
    ...filled,
    kind: "token",
    version: "v2",
    name: "suggestion",
    joinMethod: method.name,
  };
  if (token.kubernetes?.type === "") token.kubernetes = { ...token.kubernetes, type: "in_cluster" };
  const trace = matchToken(token, claims);
  if (trace.matched) return;
  const why = trace.refusal?.message ?? method.noMatch(newestServer);
  throw fault(method, `no rule lets these claims in: ${why}`, "Look at what issues the ID token.");
}

const emptyAwsRule = { aws_account: "", aws_regions: [], aws_role: "", aws_arn: "" };

function fillDefaults(value: Record<string, unknown>, keys: KeyTable): Record<string, unknown> {
  const filled = Object.entries(keys).map(([name, key]): [string, unknown] => {
    const inner = value[name];
    if (key.kind === "list") {
      const items: unknown[] = Array.isArray(inner) ? inner : [];
      return [name, items.map((item) => (isMapping(item) ? fillDefaults(item, key.keys) : item))];
    }
    if (inner !== undefined) return [name, inner];
    const empty: Partial<Record<typeof key.kind, unknown>> = { text: "", time: "", texts: [], switch: false };
    return [name, empty[key.kind]];
  });
  return Object.fromEntries(filled);
}

function dropUndefined(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined));
}

function isSet(value: RuleValue | ClaimValue): boolean {
  return typeof value === "string" && value !== "";
}

function defaultName(method: string, value: string): string {
  const words = value
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 40);
  return `${method.replaceAll("_", "-")}-${words || "bot"}`;
}

function fault(method: JoinMethod, what: string, hint: string): ResourceError {
  return new ResourceError({
    code: "ERR_RESOURCE_SUGGEST",
    kind: "user",
    message: `Suggesting a token of join method ${method.name}: ${what}.`,
    hint,
    details: { joinMethod: method.name, breadths: suggestionBreadths(method) },
  });
}
