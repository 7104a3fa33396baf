import * as v from "valibot";
import type { UserResource, ValueLists } from "../model.ts";
import { ignored, optionalMapping, record, type Shape, text, texts } from "../shape.ts";
import { type Kind, kindOfShape, type Reading } from "./kind.ts";
import { checkMetadata, type Metadata, metadataShape } from "./metadata.ts";

interface UserDocument {
  version: string;
  metadata: Metadata;
  spec: { roles: string[]; traits: ValueLists };
}

/** Keys of a user's `spec` that nothing here looks at. */
const otherKeys = [
  "created_by",
  "expires",
  "github_identities",
  "local_auth",
  "oidc_identities",
  "saml_identities",
  "status",
  "trusted_device_ids",
];

/** `kind: user` (user-certs.md section 2.3). */
export const userKind: Kind = kindOfShape<UserDocument>(
  v.object({
    kind: text,
    sub_kind: text,
    version: text,
    metadata: metadataShape,
    spec: optionalMapping(
      v.object({
        roles: texts,
        traits: record(texts),
        ...Object.fromEntries(otherKeys.map((key): [string, Shape<unknown>] => [key, ignored])),
      }),
    ),
    status: ignored,
  }),
  read,
);

function read({ version, metadata, spec }: UserDocument): Omit<Reading, "keyWarnings"> {
  const problems = checkMetadata(metadata);
  if (version !== "v2") {
    const message = `user version ${JSON.stringify(version)} is not supported, the version is v2`;
    problems.push({ path: ["version"], message });
  }
  const resource: UserResource = {
    kind: "user",
    version: "v2",
    name: metadata.name,
    labels: metadata.labels,
    roles: spec.roles,
    traits: spec.traits,
  };
  return { resource, problems, warnings: [] };
}
