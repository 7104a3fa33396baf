import { type Claims, claimText, textClaims } from "../claims.ts";
import { hasGlob } from "../glob.ts";
import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { type AwsRule, accountForm } from "./aws-rules.ts";
import { exact, glob, type RuleValue } from "./comparison.ts";
import { type JoinMethod, type TokenRule, type TokenSpec, withoutZeros } from "./join-method.ts";

/** What STS says of the caller (GetCallerIdentity). */
export type IamAttested = { account: string; arn: string };

/** AWS IAM by a signed STS request (provision-token.md section 4.2). */
export const iam: JoinMethod = {
  name: "iam",
  since: "9",
  help: "AWS IAM",
  proof: "attested",
  claims: ["account", "arn"],
  // STS writes Account and Arn.
  reader: { shapes: textClaims("account", "arn"), caseSensitive: false },
  fields: [
    { field: "aws_account", claim: "account", compare: exact, form: accountForm },
    { field: "aws_arn", claim: "arn", compare: glob, form: { pattern: /^arn:|[*?]/, says: "no ARN" } },
  ],
  requiresOneOf: ["aws_account", "aws_arn"],
  breadths: [
    { name: "session", fields: ["aws_account", "aws_arn"] },
    { name: "account", fields: ["aws_account"] },
  ],
  check,
  rules(token: TokenResource): readonly TokenRule[] {
    return token.allow ?? [];
  },
  expectedIssuer: () => undefined,
  expectedAudience: () => undefined,
  noMatch: () => "instance did not match any allow rules",
  doubts,
  suggestField(field: string, claims: Claims): RuleValue {
    return claimText(claims, field === "aws_arn" ? "arn" : "account");
  },
  attributes(claims: Claims): object {
    return withoutZeros({ account: claimText(claims, "account"), arn: claimText(claims, "arn") });
  },
};

function check({ allow }: TokenSpec): DocumentProblem[] {
  const at = ["spec", "allow"];
  if (allow.length === 0) {
    return [{ path: at, message: 'the "iam" join method requires defined token allow rules' }];
  }
  const problems: DocumentProblem[] = [];
  for (const [index, rule] of allow.entries()) {
    const unsupported = (name: string): void => {
      const message = `the "iam" join method does not support the "${name}" parameter`;
      problems.push({ path: [...at, index, name], message });
    };
    if (rule.aws_role !== "") unsupported("aws_role");
    if (rule.aws_regions.length > 0) unsupported("aws_regions");
    if (rule.aws_account === "" && rule.aws_arn === "") {
      // The server's text really names the other method.
      const message = 'allow rule for "ec2" join method must set "aws_account" or "aws_arn"';
      problems.push({ path: [...at, index], message });
    }
  }
  return problems;
}

function doubts(rule: TokenRule): DocumentProblem[] {
  const { aws_account: account, aws_arn: arn } = rule as AwsRule;
  const path = ["aws_arn"];
  const inArn = arn.split(":")[4] ?? "";
  if (/^arn:[^:]*:iam::[^:]*:role\//.test(arn)) {
    const message =
      "never matches: a role's caller has the ARN arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION, not the role's own";
    return [{ path, message }];
  }
  if (account !== "" && /^\d+$/.test(inArn) && inArn !== account) {
    return [{ path, message: "never matches: the ARN is of another account" }];
  }
  if (account !== "" || arn === "") return [];
  if (/^[*?:]*$/.test(arn)) return [{ path, message: "matches every AWS account there is" }];
  if (inArn === "" || hasGlob(inArn) || /[*?]/.test(arn.split(":").slice(0, 4).join(":"))) {
    return [{ path, message: "names no account, so callers of any AWS account may match" }];
  }
  return [];
}
