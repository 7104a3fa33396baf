import type { Claims, ClaimsReader } from "../claims.ts";
import type { KeyTable } from "../keys.ts";
import type { RuleTrace } from "../match-trace.ts";
import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import type { ServerVersion } from "../server-version.ts";
import type { AwsRule } from "./aws-rules.ts";
import type { MethodBlocks } from "./blocks.ts";
import type { Comparison, RuleValue } from "./comparison.ts";

/** One rule of a token, by the document's own keys; an empty text or list is a field that is not checked. */
export type TokenRule = Readonly<Record<string, RuleValue>>;

/** The name of a join method, as `spec.join_method` has it. */
export type JoinMethodName = keyof MethodBlocks | "token" | "ec2" | "iam";

/** What every value of a claim looks like; a rule that wants another one can never match. */
export interface FieldForm {
  readonly pattern: RegExp;
  /** Completes "never matches: this is …". */
  readonly says: string;
}

/** A field that a rule may name, and the claim it is compared with. */
export interface MatchableField {
  readonly field: string;
  readonly claim: string;
  readonly compare: Comparison;
  readonly form?: FieldForm;
}

/** How wide a suggested rule is, by the fields that it names. */
export interface Breadth {
  readonly name: string;
  readonly fields: readonly string[];
  /** For which claims it is sensible when nobody asked for it; default: for all that have its fields. */
  readonly when?: (claims: Claims) => boolean;
}

/** Why a server refuses claims before it looks at any rule. */
export interface ClaimsRefusal {
  readonly class: "bad-parameter" | "access-denied" | "compare-failed";
  /** The server's text. */
  readonly message: string;
}

/** The `spec` of a token document after decoding. */
export interface TokenSpec extends MethodBlocks {
  roles: string[];
  bot_name: string;
  join_method: string;
  /** The rules of `ec2` and `iam` only. */
  allow: AwsRule[];
  aws_iid_ttl: string;
  suggested_labels: Record<string, string[]>;
  suggested_agent_matcher_labels: Record<string, string[]>;
}

/** What suggesting a token may know beyond the claims. */
export interface SuggestionContext {
  /** The cluster's name, which is the default audience of some methods. */
  clusterName?: string;
  /** A JWKS document, for methods that take one. */
  staticJwks?: string;
}

/** What one join method is: its keys, its checks, its claims. One file each. */
export interface JoinMethod {
  readonly name: JoinMethodName;
  /** First server version that has it. */
  readonly since: string;
  readonly help: string;
  /** What a joining bot shows: an ID token, the token's secret name, what a platform attests, or a key. */
  readonly proof: "id-token" | "secret" | "attested" | "key-pair";
  /** The keys of `spec.<name>`; a method without a block has none. */
  readonly keys?: KeyTable;
  /** Every claim that the server reads, by name; nested ones with dots. */
  readonly claims: readonly string[];
  readonly reader: ClaimsReader;
  /** The fields in the order in which the server compares them. */
  readonly fields: readonly MatchableField[];
  /** A rule with none of these admits nobody; the server refuses to store it. */
  readonly requiresOneOf: readonly string[];
  /** From the narrowest sensible rule to the widest; the first is the default. */
  readonly breadths: readonly Breadth[];
  /** What the server refuses, in its order. */
  check(spec: TokenSpec, server: ServerVersion): DocumentProblem[];
  rules(token: TokenResource): readonly TokenRule[];
  /** The `iss` an ID token must have; undefined where none is checked. */
  expectedIssuer(token: TokenResource): string | undefined;
  /** The `aud` an ID token must have; undefined where none is checked. */
  expectedAudience(token: TokenResource, clusterName: string): string | undefined;
  /** The JWKS that replaces discovery, if the token has one. */
  staticJwks?(token: TokenResource): string | undefined;
  /** Checks claims before any rule, and gives those that fields are compared with, derived ones included. */
  derive?(claims: Claims, token: TokenResource): Claims | ClaimsRefusal;
  /** A refusal of its own for claims that no rule matched, where the method has one. */
  refuse?(rules: readonly RuleTrace[], claims: Claims): ClaimsRefusal | undefined;
  /** The server's text when no rule matches. */
  noMatch(server: ServerVersion): string;
  /** Why no ID token can meet this rule, or why every one does; paths are relative to the rule. */
  doubts?(rule: TokenRule): DocumentProblem[];
  /** The keys of `spec.<name>` beside `allow` that an ID token with these claims asks for. */
  suggestBlock?(
    claims: Readonly<Record<string, unknown>>,
    context: SuggestionContext,
  ): Record<string, unknown>;
  /** The field of a rule for a claim, where it is not the claim itself. */
  suggestField?(field: string, claims: Claims): RuleValue;
  /** The method's member of JoinAttrs (bot-instance.md section 3), zero values left out. */
  attributes?(claims: Claims, server: ServerVersion): object;
  /** What a community build says to this token; undefined when it takes it. */
  enterpriseOnly?(token: TokenResource, server: ServerVersion): string | undefined;
}

/** A join method whose ID tokens always have an issuer and an audience of their own. */
export interface IdTokenJoinMethod extends JoinMethod {
  expectedIssuer(token: TokenResource): string;
  expectedAudience(token: TokenResource, clusterName: string): string;
}

/** The text of most methods when no rule matches. */
export const noRuleMatched = (): string => "id token claims did not match any allow rules";

/** Puts a refusal of the newer methods into their two lines. */
export function failedValidation(
  method: string,
): (path: DocumentProblem["path"], message: string) => DocumentProblem {
  return (path, message) => ({
    path: ["spec", method, ...path],
    message: `spec.${method}: failed validation\n\t${message}`,
  });
}

/** The refusal of a block that is missing, as the newer methods put it. */
export function mustBeConfigured(method: string): DocumentProblem[] {
  const message = `spec.${method}: must be configured for the join method "${method}"`;
  return [{ path: ["spec", method], message }];
}

/** Leaves out what protobuf's JSON leaves out: empty texts and lists, false, zero, absent messages. */
export function withoutZeros<Attributes extends object>(attributes: Attributes): Attributes {
  const kept = Object.entries(attributes).filter(
    ([, value]) =>
      value !== undefined &&
      value !== "" &&
      value !== false &&
      value !== 0 &&
      !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(kept) as Attributes;
}

/** What a full git ref looks like. */
export const fullRef: FieldForm = {
  pattern: /^refs\/./,
  says: "the short form; the claim is the full ref, such as refs/heads/main",
};

/** What a UUID of most platforms looks like. */
export const lowerUuid: FieldForm = {
  pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  says: "no UUID in lower case",
};

/** What a choice of few words looks like. */
export function wordOf(...words: string[]): FieldForm {
  return { pattern: new RegExp(`^(${words.join("|")})$`), says: `none of ${words.join(", ")}` };
}
