import { type KeysOf, leafKey, textKey } from "../keys.ts";
import type { FieldForm } from "./join-method.ts";

/** A rule of `spec.allow`, for `ec2` and `iam`; an empty text or list is a field that is not checked. */
export type AwsRule = {
  aws_account: string;
  aws_regions: string[];
  aws_role: string;
  aws_arn: string;
};

/** The keys of a rule of `spec.allow` (provision-token.md section 4.2). */
export const awsRuleKeys: KeysOf<AwsRule> = {
  aws_account: textKey("Account id of twelve digits, in quotes."),
  aws_regions: leafKey("texts", "Regions that the instance may be in (ec2 only)."),
  aws_role: textKey("Role that the Auth Service assumes to see the instance (ec2 only)."),
  aws_arn: textKey(
    "ARN that the caller of STS must have; * and ? stand for more than themselves (iam only).",
  ),
};

/** What the id of an AWS account looks like. */
export const accountForm: FieldForm = { pattern: /^\d{12}$/, says: "no account id of twelve digits" };
