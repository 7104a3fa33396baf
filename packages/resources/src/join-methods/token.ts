import type { DocumentProblem } from "../problem.ts";
import type { JoinMethod, TokenSpec } from "./join-method.ts";

/** The secret in the token's name, good for one join (provision-token.md section 4.1). */
export const token: JoinMethod = {
  name: "token",
  since: "0",
  help: "The token's name is a secret, good for one join",
  proof: "secret",
  claims: [],
  reader: { shapes: [], caseSensitive: true },
  fields: [],
  requiresOneOf: [],
  breadths: [],
  check(spec: TokenSpec): DocumentProblem[] {
    if (spec.allow.length === 0) return [];
    const message = 'allow rules are not compatible with the "token" join method';
    return [{ path: ["spec", "allow"], message }];
  },
  rules: () => [],
  expectedIssuer: () => undefined,
  expectedAudience: () => undefined,
  noMatch: () => "token expired or not found",
};
