import { awsRuleKeys } from "./join-methods/aws-rules.ts";
import { findJoinMethod, joinMethods } from "./join-methods/registry.ts";
import { blockKey, type KeyTable, leafKey, listKey, textKey } from "./keys.ts";

const methodBlocks: KeyTable = Object.fromEntries(
  Object.values(joinMethods).flatMap(({ name, keys, help, since }) =>
    keys === undefined ? [] : [[name, blockKey(`For join method ${name}: ${help}.`, keys, since)]],
  ),
);

/** The keys of `metadata` (provision-token.md section 1). */
const metadataKeys: KeyTable = {
  name: textKey("Name of the token; for join method token it is the secret itself."),
  namespace: textKey("Always default."),
  description: textKey("For people."),
  labels: leafKey("text-map", "Labels."),
  expires: leafKey("time", "When the token stops to admit anybody; never unless given."),
  revision: textKey("Version of the stored document, for conditional updates."),
  id: leafKey("anything", "Obsolete, written by servers up to 14."),
};

/** The keys of `spec` (provision-token.md section 2). */
export const specKeys: KeyTable = {
  roles: leafKey("texts", "System roles that are granted; Bot for bots."),
  allow: listKey("Rules, for join methods ec2 and iam only.", awsRuleKeys),
  aws_iid_ttl: leafKey(
    "duration",
    "Age that an instance identity document may have (ec2 only), 5m unless given.",
  ),
  join_method: textKey("What a joining bot has to show.", { values: Object.keys(joinMethods) }),
  bot_name: textKey("The bot that joins, for role Bot."),
  suggested_labels: leafKey("value-lists", "Hint for install scripts; nothing matches it."),
  suggested_agent_matcher_labels: leafKey("value-lists", "Hint for install scripts; nothing matches it."),
  ...methodBlocks,
};

/** The keys of a whole `kind: token` document. */
export const tokenKeys: KeyTable = {
  kind: textKey("Always token."),
  sub_kind: textKey("Unused."),
  version: textKey("Always v2."),
  metadata: blockKey("Name, labels, expiry.", metadataKeys),
  spec: blockKey("Who may join, and as what.", specKeys),
  status: leafKey("anything", "Written by the server; ignored in documents."),
};

/** The keys of one rule of a join method; undefined for a method without rules. */
export function ruleKeysOf(methodName: string): KeyTable | undefined {
  if (methodName === "ec2" || methodName === "iam") return awsRuleKeys;
  const allow = findJoinMethod(methodName)?.keys?.["allow"];
  return allow?.kind === "list" ? allow.keys : undefined;
}
