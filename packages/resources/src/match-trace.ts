import type { ClaimsRefusal } from "./join-methods/join-method.ts";

/** One field of a rule beside the claim it was compared with. */
export interface FieldTrace {
  field: string;
  /** A list is written with commas. */
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
  /**
   * Why the server refuses these claims without any rule's fault, or with a text of its own; then `rules` is empty
   * or tells the rest. Absent when the rules alone decide.
   */
  refusal?: ClaimsRefusal;
}
