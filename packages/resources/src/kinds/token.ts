import * as v from "valibot";
import type { TokenSpec } from "../join-methods/join-method.ts";
import { joinMethodSince } from "../join-methods/known.ts";
import { findJoinMethod } from "../join-methods/registry.ts";
import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { ignored, list, mapping, optionalMapping, type Shape, text, texts, valueLists } from "../shape.ts";
import { normaliseSystemRole } from "../system-roles.ts";
import type { Kind, Reading } from "./kind.ts";
import { checkMetadata, type Metadata, metadataShape, optionalMetadata, readTimestamp } from "./metadata.ts";

interface TokenDocument {
  version: string;
  metadata: Metadata;
  spec: TokenSpec;
}

/** Values of the label `teleport.dev/origin` that a server accepts; the first seven are what 14.2.0 lists. */
const origins = ["defaults", "config-file", "dynamic", "cloud", "kubernetes", "okta", "discovery-kubernetes"];
const laterOrigins = ["integration_awsoidc"];

// The methods' blocks come from the registry by name, so their types have to be restored.
const specShape: Shape<TokenSpec> = v.object({
  roles: texts,
  allow: list(mapping(v.object({ aws_account: text, aws_regions: texts, aws_role: text, aws_arn: text }))),
  aws_iid_ttl: ignored,
  join_method: text,
  bot_name: text,
  suggested_labels: valueLists,
  suggested_agent_matcher_labels: valueLists,
  ...Object.fromEntries([...joinMethodSince.keys()].map((name) => [name, blockShape(name)])),
}) as unknown as Shape<TokenSpec>;

/** A block that is null is one that is not there. */
function blockShape(name: string): v.GenericSchema {
  const block = findJoinMethod(name)?.block;
  if (block === undefined) return ignored;
  return v.pipe(
    v.nullish(mapping(block)),
    v.transform((value) => value ?? undefined),
  );
}

/** `kind: token` (provision-token.md sections 1, 2 and 4). */
export const tokenKind: Kind = v.pipe(
  v.object({
    kind: text,
    sub_kind: text,
    version: text,
    metadata: metadataShape,
    spec: optionalMapping(specShape),
    status: ignored,
  }),
  v.transform((document) => read(document)),
);

function read({ version, metadata, spec }: TokenDocument): Reading {
  const joinMethod = spec.join_method || (spec.allow.length > 0 ? "ec2" : "token");
  const method = findJoinMethod(joinMethod);
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
  if (method !== undefined && method.name !== "token") {
    Object.assign(resource, { [method.name]: spec[method.name] });
  }

  const warnings: DocumentProblem[] = [];
  if (method === undefined && joinMethodSince.has(joinMethod)) {
    const message = `join method "${joinMethod}" is not enforced here: its rules are neither checked nor matched`;
    warnings.push({ path: ["spec", "join_method"], message });
  }
  return { resource, problems: check(version, metadata, resource, spec), warnings };
}

function check(
  version: string,
  metadata: Metadata,
  token: TokenResource,
  spec: TokenSpec,
): DocumentProblem[] {
  // A server takes a document without a version for one of the first form, whose name stands elsewhere.
  if (version === "") return [{ path: ["metadata", "name"], message: "missing parameter Name" }];
  if (version !== "v2") {
    return [{ path: ["version"], message: `server resource version ${version} is not supported` }];
  }
  const method = findJoinMethod(token.joinMethod);
  const problems = [...checkMetadata(metadata), ...checkOrigin(metadata), ...checkRoles(token, spec)];
  if (method !== undefined) {
    problems.push(...method.check(spec));
  } else if (!joinMethodSince.has(token.joinMethod)) {
    const message = `unknown join method "${token.joinMethod}"`;
    problems.push({ path: ["spec", "join_method"], message });
  }
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
