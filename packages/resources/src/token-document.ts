import { formatGoDuration } from "./go-duration.ts";
import type { JoinMethodName } from "./join-methods/join-method.ts";
import type { KeyTable } from "./keys.ts";
import { isMapping } from "./mapping.ts";
import type { TokenResource } from "./model.ts";
import { formatTimestamp } from "./timestamp.ts";
import { specKeys } from "./token-keys.ts";

/** A `kind: token` document as a plain value, by the document's own keys. */
export interface TokenDocument {
  kind: "token";
  version: "v2";
  metadata: Record<string, unknown>;
  spec: Record<string, unknown>;
  status?: unknown;
}

/**
 * Writes a token as the document that the server keeps: defaults filled in, empty fields left out, one label value
 * as bare text (provision-token.md section 7).
 */
export function tokenDocument(token: TokenResource): TokenDocument {
  const method = token.joinMethod as JoinMethodName;
  const metadata: Record<string, unknown> = { name: token.name };
  if (token.description !== undefined) metadata["description"] = token.description;
  if (Object.keys(token.labels ?? {}).length > 0) metadata["labels"] = token.labels;
  if (token.expires !== undefined) metadata["expires"] = formatTimestamp(token.expires);
  const spec: Record<string, unknown> = { roles: token.roles, join_method: token.joinMethod };
  if (token.botName !== undefined) spec["bot_name"] = token.botName;
  const written: Record<string, unknown> = {
    allow: token.allow,
    aws_iid_ttl: token.awsIidTtlMs === undefined ? "" : formatGoDuration(token.awsIidTtlMs),
    suggested_labels: token.suggestedLabels,
    suggested_agent_matcher_labels: token.suggestedAgentMatcherLabels,
  };
  if (method === "gitlab" && token.gitlab !== undefined) {
    written["gitlab"] = { ...token.gitlab, domain: token.gitlab.domain || "gitlab.com" };
  } else if (method !== "token" && method !== "ec2" && method !== "iam") {
    written[method] = token[method];
  }
  Object.assign(spec, withoutEmpty(written, specKeys));
  const document: TokenDocument = { kind: "token", version: "v2", metadata, spec };
  return token.status === undefined ? document : { ...document, status: token.status };
}

function withoutEmpty(value: Record<string, unknown>, keys: KeyTable): Record<string, unknown> {
  const kept: [string, unknown][] = [];
  for (const [name, key] of Object.entries(keys)) {
    const inner = Object.hasOwn(value, name) ? value[name] : undefined;
    // A switch of three states that is false does restrict.
    if (inner === undefined || inner === "" || (inner === false && key.kind === "switch")) continue;
    if (key.kind === "block" && isMapping(inner)) kept.push([name, withoutEmpty(inner, key.keys)]);
    else if (key.kind === "list" && Array.isArray(inner)) {
      if (inner.length > 0) kept.push([name, inner.map((item) => withoutEmpty(item, key.keys))]);
    } else if (key.kind === "value-lists" && isMapping(inner)) {
      if (Object.keys(inner).length > 0) kept.push([name, bareValues(inner)]);
    } else if (!Array.isArray(inner) || inner.length > 0) kept.push([name, inner]);
  }
  return Object.fromEntries(kept);
}

/** Writes a list of one label value as that value. */
export function bareValues(lists: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(lists).map(([name, values]) => [
      name,
      Array.isArray(values) && values.length === 1 ? values[0] : values,
    ]),
  );
}
