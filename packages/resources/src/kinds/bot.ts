import * as v from "valibot";
import { parseResourceDuration } from "../duration.ts";
import type { BotResource, ValueLists } from "../model.ts";
import { ignored, list, mapping, optionalMapping, text, texts } from "../shape.ts";
import { type Kind, kindOfShape, type Reading } from "./kind.ts";
import { checkMetadata, type Metadata, metadataShape } from "./metadata.ts";

interface BotDocument {
  version: string;
  metadata: Metadata;
  spec: { roles: string[]; traits: { name: string; values: string[] }[]; max_session_ttl: string };
}

/** `kind: bot` (join.md section 13.1). */
export const botKind: Kind = kindOfShape<BotDocument>(
  v.object({
    kind: text,
    sub_kind: text,
    version: text,
    metadata: metadataShape,
    spec: optionalMapping(
      v.object({
        roles: texts,
        traits: list(mapping(v.object({ name: text, values: texts }))),
        max_session_ttl: text,
      }),
    ),
    status: ignored,
  }),
  read,
);

function read({ version, metadata, spec }: BotDocument): Omit<Reading, "keyWarnings"> {
  const problems = checkMetadata(metadata);
  if (version !== "v1") {
    const message = `bot version ${JSON.stringify(version)} is not supported, the version is v1`;
    problems.push({ path: ["version"], message });
  }
  for (const [index, role] of spec.roles.entries()) {
    if (role === "") problems.push({ path: ["spec", "roles", index], message: "a role needs a name" });
  }
  const traits: ValueLists = Object.create(null);
  for (const [index, { name, values }] of spec.traits.entries()) {
    if (name === "") problems.push({ path: ["spec", "traits", index], message: "a trait needs a name" });
    traits[name] = [...(traits[name] ?? []), ...values];
  }
  const resource: BotResource = {
    kind: "bot",
    version: "v1",
    name: metadata.name,
    roles: spec.roles,
    traits: { ...traits },
  };
  if (spec.max_session_ttl !== "") {
    const ttl = parseResourceDuration(spec.max_session_ttl);
    if (ttl === undefined) {
      const message = `${JSON.stringify(spec.max_session_ttl)} is not a duration such as 8h or 1h30m`;
      problems.push({ path: ["spec", "max_session_ttl"], message });
    } else if (ttl > 0) {
      resource.maxSessionTtlMs = ttl;
    }
  }
  return { resource, problems, warnings: [] };
}
