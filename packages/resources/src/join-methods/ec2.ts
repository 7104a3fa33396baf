import { textClaims } from "../claims.ts";
import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { accountForm } from "./aws-rules.ts";
import { exact, oneOf } from "./comparison.ts";
import type { JoinMethod, TokenRule, TokenSpec } from "./join-method.ts";

/** What an instance identity document says of its instance. */
export type Ec2Attested = { account: string; region: string };

/**
 * EC2 instance identity documents (provision-token.md section 4.2); not for bots. `aws_role` is nothing that a
 * document shows: the server assumes it to see whether the instance runs.
 */
export const ec2: JoinMethod = {
  name: "ec2",
  since: "7",
  help: "EC2 instances (not for bots)",
  proof: "attested",
  claims: ["account", "region"],
  reader: { shapes: textClaims("account", "region"), caseSensitive: false },
  fields: [
    { field: "aws_account", claim: "account", compare: exact, form: accountForm },
    { field: "aws_regions", claim: "region", compare: oneOf() },
  ],
  requiresOneOf: ["aws_account", "aws_role"],
  breadths: [
    { name: "region", fields: ["aws_account", "aws_regions"] },
    { name: "account", fields: ["aws_account"] },
  ],
  check,
  rules(token: TokenResource): readonly TokenRule[] {
    return token.allow ?? [];
  },
  expectedIssuer: () => undefined,
  expectedAudience: () => undefined,
  noMatch: () => "instance did not match any allow rules",
};

function check({ allow }: TokenSpec): DocumentProblem[] {
  const at = ["spec", "allow"];
  if (allow.length === 0) {
    return [{ path: at, message: 'the "ec2" join method requires defined token allow rules' }];
  }
  const problems: DocumentProblem[] = [];
  for (const [index, rule] of allow.entries()) {
    if (rule.aws_arn !== "") {
      const message = 'the "ec2" join method does not support the "aws_arn" parameter';
      problems.push({ path: [...at, index, "aws_arn"], message });
    }
    if (rule.aws_account === "" && rule.aws_role === "") {
      const message = 'allow rule for "ec2" join method must set "aws_account" or "aws_role"';
      problems.push({ path: [...at, index], message });
    }
  }
  return problems;
}
