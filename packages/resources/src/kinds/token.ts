import * as v from "valibot";
import { parseResourceDuration } from "../duration.ts";
import type { JoinMethod, TokenSpec } from "../join-methods/join-method.ts";
import { findJoinMethod } from "../join-methods/registry.ts";
import { shapeOf } from "../key-shapes.ts";
import type { TokenResource, TokenStatus } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { findKeyPlaces, readKnownKeys } from "../read-keys.ts";
import { isAtLeast } from "../server-version.ts";
import { ignored, optionalMapping, type Shape, text } from "../shape.ts";
import { normaliseSystemRole } from "../system-roles.ts";
import { readTimestamp } from "../timestamp.ts";
import { checkTokenDoubts } from "../token-doubts.ts";
import { specKeys, tokenKeys } from "../token-keys.ts";
import { describeTypeIssue } from "../type-problem.ts";
import type { Kind, Reading, ReadingContext } from "./kind.ts";
import { checkMetadata, type Metadata, metadataShape, optionalMetadata } from "./metadata.ts";

interface TokenDocument {
  version: string;
  metadata: Metadata;
  spec: TokenSpec;
  status: unknown;
}

/** Values of the label `teleport.dev/origin` that a server accepts; the first seven are what 14.2.0 lists. */
const origins = ["defaults", "config-file", "dynamic", "cloud", "kubernetes", "okta", "discovery-kubernetes"];
const laterOrigins = ["integration_awsoidc"];

const shape: Shape<TokenDocument> = v.object({
  kind: text,
  sub_kind: text,
  version: text,
  metadata: metadataShape,
  spec: optionalMapping(shapeOf<TokenSpec>(specKeys)),
  status: ignored,
});

const places = findKeyPlaces(tokenKeys);

/** `kind: token` (provision-token.md sections 1, 2 and 4). */
export const tokenKind: Kind = (document, context) => {
  const known = readKnownKeys(document, tokenKeys, context.server, places);
  const decoded = v.safeParse(shape, known.value);
  if (!decoded.success) {
    const problems = decoded.issues.map(describeTypeIssue);
    return { problems, warnings: known.doubtful, keyWarnings: known.unknown };
  }
  const reading = read(decoded.output, context);
  return { ...reading, warnings: [...known.doubtful, ...reading.warnings], keyWarnings: known.unknown };
};

function read(document: TokenDocument, context: ReadingContext): Omit<Reading, "keyWarnings"> {
  const { metadata, spec } = document;
  const joinMethod = spec.join_method || (spec.allow.length > 0 ? "ec2" : "token");
  const known = findJoinMethod(joinMethod);
  const method = known !== undefined && isAtLeast(context.server, known.since) ? known : undefined;
  const resource: TokenResource = {
    kind: "token",
    version: "v2",
    name: metadata.name,
    ...optionalMetadata(metadata),
    roles: spec.roles.map((role) => normaliseSystemRole(role) ?? role),
    joinMethod,
  };
  const expires = readTimestamp(metadata.expires);
  if (expires !== undefined) resource.expires = expires;
  if (spec.bot_name !== "") resource.botName = spec.bot_name;
  const { suggested_labels: labels, suggested_agent_matcher_labels: matchers } = spec;
  if (Object.keys(labels).length > 0) resource.suggestedLabels = labels;
  if (Object.keys(matchers).length > 0) resource.suggestedAgentMatcherLabels = matchers;
  if (method !== undefined) takeMethod(resource, method, spec);
  if (context.stored && isStatus(document.status)) resource.status = document.status;

  const problems = check(document, resource, method, context);
  const warnings = checkTokenDoubts({ token: resource, spec, method, context, status: document.status });
  if (document.version === "") {
    const message =
      'there is no version: the server takes the document for one of the oldest form, which has its name elsewhere; write "version: v2"';
    warnings.push({ path: [], message });
  }
  return { resource, problems, warnings };
}

/** Takes over what of `spec` belongs to the join method, with the server's defaults. */
function takeMethod(resource: TokenResource, { name }: JoinMethod, spec: TokenSpec): void {
  if (name === "ec2" || name === "iam") {
    resource.allow = spec.allow;
    if (name === "ec2") resource.awsIidTtlMs = parseResourceDuration(spec.aws_iid_ttl) || defaultIidTtlMs;
  } else if (name !== "token" && spec[name] !== undefined) {
    Object.assign(resource, { [name]: spec[name] });
    if (resource.kubernetes !== undefined) {
      resource.kubernetes = { ...resource.kubernetes, type: resource.kubernetes.type || "in_cluster" };
    }
  }
}

/** Age of an instance identity document that is accepted unless a token says otherwise (provision-token.md section 2). */
const defaultIidTtlMs = 300_000;

function isStatus(status: unknown): status is TokenStatus {
  return typeof status === "object" && status !== null && "bound_keypair" in status;
}

function check(
  { version, metadata, spec }: TokenDocument,
  token: TokenResource,
  method: JoinMethod | undefined,
  context: ReadingContext,
): DocumentProblem[] {
  // A server takes a document without a version for one of the first form, whose name stands elsewhere.
  if (version === "") return [{ path: ["metadata", "name"], message: "missing parameter Name" }];
  if (version !== "v2") {
    return [{ path: ["version"], message: `server resource version ${version} is not supported` }];
  }
  const problems = [...checkMetadata(metadata), ...checkOrigin(metadata), ...checkRoles(token, spec)];
  if (method === undefined) {
    const message = `unknown join method "${token.joinMethod}"`;
    problems.push({ path: ["spec", "join_method"], message });
    return problems;
  }
  for (const problem of method.check(spec, context.server)) problems.push(problem);
  if (spec.aws_iid_ttl !== "" && parseResourceDuration(spec.aws_iid_ttl) === undefined) {
    problems.push({ path: ["spec", "aws_iid_ttl"], message: "must be a duration such as 5m or 1h30m" });
  }
  const needs = context.enterprise === false ? method.enterpriseOnly?.(token, context.server) : undefined;
  if (needs !== undefined) problems.push({ path: ["spec", method.name], message: needs });
  return problems;
}

function checkOrigin(metadata: Metadata): DocumentProblem[] {
  const label = "teleport.dev/origin";
  const origin = Object.hasOwn(metadata.labels, label) ? metadata.labels[label] : undefined;
  if (origin === undefined || [...origins, ...laterOrigins].includes(origin)) return [];
  const message = `invalid origin value ${JSON.stringify(origin)}, must be one of [${origins.join(" ")}]`;
  return [{ path: ["metadata", "labels", label], message }];
}

function checkRoles(token: TokenResource, spec: TokenSpec): DocumentProblem[] {
  const problems: DocumentProblem[] = [];
  const path = ["spec", "roles"];
  if (token.roles.length === 0) problems.push({ path, message: "provisioning token is missing roles" });
  for (const [index, role] of token.roles.entries()) {
    if (normaliseSystemRole(role) === undefined) {
      problems.push({ path: [...path, index], message: `role ${spec.roles[index]} is not registered` });
    } else if (token.roles.indexOf(role) < index) {
      problems.push({ path: [...path, index], message: `duplicate role ${JSON.stringify(role)}` });
    }
  }
  const forBot = token.roles.includes("Bot");
  if (forBot && token.botName === undefined) {
    problems.push({ path: ["spec", "bot_name"], message: 'token with role "Bot" must set bot_name' });
  }
  if (!forBot && token.botName !== undefined && token.roles.length > 0) {
    const message = 'can only set bot_name on token with role "Bot"';
    problems.push({ path: ["spec", "bot_name"], message });
  }
  return problems;
}
