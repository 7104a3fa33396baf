import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import type { Shape } from "../shape.ts";
import type { MethodBlocks } from "./registry.ts";

/** One rule of a token, by the document's own keys; an empty text is a field that is not checked. */
export type TokenRule = Readonly<Record<string, string>>;

/** A field that a rule may name, and the claim it is compared with. */
export interface MatchableField {
  field: string;
  claim: string;
}

/** The `spec` of a token document after decoding. */
export interface TokenSpec extends MethodBlocks {
  roles: string[];
  bot_name: string;
  join_method: string;
  /** The rules of `ec2` and `iam` only. */
  allow: Record<string, unknown>[];
}

/** What one join method is: its keys, its checks, its claims. One file each. */
export interface JoinMethod {
  readonly name: keyof MethodBlocks | "token";
  /** The shape of `spec.<name>`; a method without a block has none. */
  readonly block?: Shape<object>;
  /** Every claim that the server reads, all of them texts. */
  readonly claims: readonly string[];
  /** The fields in the order in which the server compares them. */
  readonly fields: readonly MatchableField[];
  /** A rule with none of these admits nobody; the server refuses to store it. */
  readonly requiresOneOf: readonly string[];
  /** What the server refuses, in its order. */
  check(spec: TokenSpec): DocumentProblem[];
  rules(token: TokenResource): readonly TokenRule[];
  /** The `iss` an ID token must have; undefined for a method without ID tokens. */
  expectedIssuer(token: TokenResource): string | undefined;
  /** The `aud` an ID token must have; undefined for a method without ID tokens. */
  expectedAudience(token: TokenResource, clusterName: string): string | undefined;
}

/** A join method whose proof is an ID token. */
export interface IdTokenJoinMethod extends JoinMethod {
  expectedIssuer(token: TokenResource): string;
  expectedAudience(token: TokenResource, clusterName: string): string;
}
