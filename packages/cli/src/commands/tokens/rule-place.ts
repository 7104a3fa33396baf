import { findJoinMethod, type TokenResource } from "@bot-join/resources";

/** Counts the rules of a token; undefined for a method without rules. */
export function ruleCount(token: TokenResource): number | undefined {
  const method = findJoinMethod(token.joinMethod);
  return method === undefined || method.fields.length === 0 ? undefined : method.rules(token).length;
}

/** Names the list that a method's rules stand in, as a path in the document. */
export function rulesPath(joinMethod: string): string {
  return joinMethod === "ec2" || joinMethod === "iam" ? "spec.allow" : `spec.${joinMethod}.allow`;
}
