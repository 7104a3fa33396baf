import { ResourceError } from "./errors.ts";
import type { JoinMethod, TokenRule } from "./join-methods/join-method.ts";
import { findJoinMethod } from "./join-methods/registry.ts";
import type { TokenResource } from "./model.ts";

/** One field of a rule beside the claim it was compared with. */
export interface FieldTrace {
  field: string;
  wanted: string;
  /** Undefined when the ID token has no such claim. */
  found: string | undefined;
  matched: boolean;
}

/** One rule, its checked fields in the server's order. */
export interface RuleTrace {
  /** Position in the list of rules, from 0. */
  index: number;
  matched: boolean;
  fields: FieldTrace[];
}

/** The verdict on some claims, and why. */
export interface MatchTrace {
  /** Whether any rule matched. */
  matched: boolean;
  rules: RuleTrace[];
}

/**
 * Matches the claims of an ID token against the rules of a provision token as the server does
 * (provision-token.md section 4): a rule matches when all its non-empty fields do, any rule admits. All
 * rules are compared, so that the trace is whole. The claims are taken as they are: signature, issuer,
 * audience and times are somebody else's matter. Throws ERR_RESOURCE_CLAIM_TYPE for a claim that is no text
 * (id-tokens.md section 1.2) and ERR_RESOURCE_METHOD for a token that claims cannot open.
 */
export function matchToken(token: TokenResource, claims: Record<string, unknown>): MatchTrace {
  const method = findJoinMethod(token.joinMethod);
  if (method === undefined || method.fields.length === 0) {
    throw new ResourceError({
      code: "ERR_RESOURCE_METHOD",
      kind: "user",
      message: `Matching claims against a token of join method "${token.joinMethod}": this method has no rules that are matched here.`,
      hint: "Use a token of a join method whose proof is an ID token, such as github.",
      details: { joinMethod: token.joinMethod },
    });
  }
  const found = readClaims(method, claims);
  const rules = method.rules(token).map((rule, index) => matchRule(method, rule, index, found));
  return { matched: rules.some((rule) => rule.matched), rules };
}

function matchRule(
  method: JoinMethod,
  rule: TokenRule,
  index: number,
  claims: ReadonlyMap<string, string>,
): RuleTrace {
  const fields: FieldTrace[] = [];
  for (const { field, claim } of method.fields) {
    const wanted = rule[field];
    if (wanted === undefined || wanted === "") continue;
    const found = claims.get(claim);
    fields.push({ field, wanted, found, matched: found === wanted });
  }
  // Such a rule cannot be stored; if one arrives all the same, it must not admit everybody.
  const restricts = fields.some(({ field }) => method.requiresOneOf.includes(field));
  return { index, matched: restricts && fields.every(({ matched }) => matched), fields };
}

function readClaims(method: JoinMethod, claims: Record<string, unknown>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const claim of method.claims) {
    const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
    // The server decodes null as an absent text.
    if (value === undefined || value === null) continue;
    if (typeof value !== "string") {
      throw new ResourceError({
        code: "ERR_RESOURCE_CLAIM_TYPE",
        kind: "denied",
        message: `Reading the claims of a ${method.name} ID token: claim "${claim}" must be text, found ${describeType(value)}.`,
        hint: "The server refuses such an ID token whatever its rules say: look at what issues it.",
        details: { claim, found: describeType(value) },
      });
    }
    found.set(claim, value);
  }
  return found;
}

function describeType(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
