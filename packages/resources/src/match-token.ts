import { type Claims, type ClaimValue, readClaims } from "./claims.ts";
import { ResourceError } from "./errors.ts";
import type { RuleValue } from "./join-methods/comparison.ts";
import type { ClaimsRefusal, JoinMethod, MatchableField, TokenRule } from "./join-methods/join-method.ts";
import { findJoinMethod } from "./join-methods/registry.ts";
import type { FieldTrace, MatchTrace, RuleTrace } from "./match-trace.ts";
import type { TokenResource } from "./model.ts";
import { parseServerVersion, type ServerVersion } from "./server-version.ts";

/** How matching may be told to go. */
export interface MatchOptions {
  /** Version of the server whose verdict is wanted, as `14.2.0` or `18`; default: the newest. */
  serverVersion?: string;
}

/**
 * Matches the claims of an ID token, or what a platform attests, against the rules of a provision token as the
 * server does (provision-token.md section 4): a rule matches when all its non-empty fields do, any rule admits. All
 * rules are compared, so that the trace is whole. The claims are taken as they are: signature, issuer, audience
 * and times are somebody else's matter. Throws ERR_RESOURCE_CLAIM_TYPE for a claim of the wrong JSON type
 * (id-tokens.md section 1.2) and ERR_RESOURCE_METHOD for a token that claims cannot open.
 */
export function matchToken(
  token: TokenResource,
  claims: Readonly<Record<string, unknown>>,
  options: MatchOptions = {},
): MatchTrace {
  const method = methodWithRules(token.joinMethod);
  const server = parseServerVersion(options.serverVersion);
  const read = readClaims(method.name, method.reader, claims);
  const found = method.derive?.(read, token) ?? read;
  if (isRefusal(found)) return { matched: false, rules: [], refusal: found };
  const rules = method.rules(token).map((rule, index) => matchRule(method, rule, index, found, server));
  const matched = rules.some((rule) => rule.matched);
  const refusal = matched ? undefined : method.refuse?.(rules, found);
  return refusal === undefined ? { matched, rules } : { matched, rules, refusal };
}

/** One claim that a rule of its method can name. */
export interface MatchableClaim {
  /** The rule's key. */
  field: string;
  claim: string;
  /** The claim's own form: a list stays a list. */
  value: ClaimValue;
  /** Whether `*` and `?` in the rule stand for more than themselves. */
  globs: boolean;
}

/**
 * Lists the claims that a rule of this method can name, derived ones included, in the server's order; absent and
 * empty ones are left out. Empty for a method without rules. Throws ERR_RESOURCE_CLAIM_TYPE as matching does.
 */
export function matchableClaims(
  methodName: string,
  claims: Readonly<Record<string, unknown>>,
): MatchableClaim[] {
  const method = findJoinMethod(methodName);
  if (method === undefined || method.fields.length === 0) return [];
  const found = deriveFreely(method, readClaims(method.name, method.reader, claims));
  return method.fields.flatMap(({ field, claim, compare }) => {
    const value = found.get(claim);
    if (value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) return [];
    return [{ field, claim, value, globs: compare.globs }];
  });
}

/** Derives claims as for a token that asks for exactly what these claims say; refused ones stay as they are. */
export function deriveFreely(method: JoinMethod, claims: Claims): Claims {
  const organization = claims.get("org_id");
  const token: TokenResource = {
    kind: "token",
    version: "v2",
    name: "",
    roles: [],
    joinMethod: method.name,
    azure_devops: { allow: [], organization_id: typeof organization === "string" ? organization : "" },
  };
  const derived = method.derive?.(claims, token) ?? claims;
  return isRefusal(derived) ? claims : derived;
}

/** Finds a method whose tokens have rules. Throws ERR_RESOURCE_METHOD for any other. */
export function methodWithRules(name: string): JoinMethod {
  const method = findJoinMethod(name);
  if (method !== undefined && method.fields.length > 0) return method;
  throw new ResourceError({
    code: "ERR_RESOURCE_METHOD",
    kind: "user",
    message: `Matching claims against a token of join method "${name}": this method has no rules that are matched here.`,
    hint: "Use a token of a join method whose proof is an ID token, such as github.",
    details: { joinMethod: name },
  });
}

function isRefusal(found: Claims | ClaimsRefusal): found is ClaimsRefusal {
  return "message" in found;
}

function matchRule(
  method: JoinMethod,
  rule: TokenRule,
  index: number,
  claims: Claims,
  server: ServerVersion,
): RuleTrace {
  const fields = method.fields.flatMap((field) => {
    const wanted = rule[field.field];
    return isSet(wanted) ? [matchField(field, wanted, claims, server)] : [];
  });
  // Such a rule cannot be stored; if one arrives all the same, it must not admit everybody.
  const restricts = method.requiresOneOf.some((field) => isSet(rule[field]));
  return { index, matched: restricts && fields.every(({ matched }) => matched), fields };
}

function matchField(
  { field, claim, compare }: MatchableField,
  wanted: RuleValue,
  claims: Claims,
  server: ServerVersion,
): FieldTrace {
  const found = claims.get(claim);
  return {
    field,
    wanted: describe(wanted),
    found: found === undefined ? undefined : describe(found),
    // An absent claim is an empty text to the server's decoder, which `*` matches.
    matched: compare.matches(wanted, found ?? "", server),
  };
}

function isSet(value: RuleValue): boolean {
  return value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0);
}

function describe(value: RuleValue | ClaimValue): string {
  return Array.isArray(value) ? value.join(", ") : String(value);
}
