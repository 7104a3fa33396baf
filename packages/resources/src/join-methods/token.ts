import type { DocumentProblem } from "../problem.ts";
import type { JoinMethod, TokenSpec } from "./join-method.ts";

/** The secret in the token's name, good for one join (provision-token.md section 4.1). */
export const token: JoinMethod = {
  name: "token",
  claims: [],
  fields: [],
  requiresOneOf: [],
  check(spec: TokenSpec): DocumentProblem[] {
    if (spec.allow.length === 0) return [];
    const message = 'allow rules are not compatible with the "token" join method';
    return [{ path: ["spec", "allow"], message }];
  },
  rules: () => [],
  expectedIssuer: () => undefined,
  expectedAudience: () => undefined,
};
