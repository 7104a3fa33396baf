import * as v from "valibot";
import { ignored, list, mapping, optionalMapping, text } from "../shape.ts";
import type { LeafNode, RemoteClusterResource } from "../targets.ts";
import { type Kind, kindOfShape, type Reading } from "./kind.ts";
import { checkMetadata, type Metadata, metadataShape, optionalMetadata } from "./metadata.ts";
import { checkVersion } from "./version.ts";

interface RemoteClusterDocument {
  version: string;
  metadata: Metadata;
  spec: { nodes: LeafNode[] };
}

/**
 * `kind: remote_cluster` (user-certs.md section 2.8). Its `spec` is our own: Teleport's has none, since a root cluster
 * asks the leaf what is in it.
 */
export const remoteClusterKind: Kind = kindOfShape<RemoteClusterDocument>(
  v.object({
    kind: text,
    sub_kind: text,
    version: text,
    metadata: metadataShape,
    spec: optionalMapping(v.object({ nodes: list(mapping(v.object({ hostname: text, addr: text }))) })),
    status: ignored,
  }),
  read,
);

function read({ version, metadata, spec }: RemoteClusterDocument): Omit<Reading, "keyWarnings"> {
  const problems = [...checkMetadata(metadata), ...checkVersion("remote_cluster", version, "v3")];
  for (const [index, { hostname, addr }] of spec.nodes.entries()) {
    const path = ["spec", "nodes", index];
    if (hostname === "") problems.push({ path, message: "a node needs a hostname" });
    if (!/:\d+$/.test(addr)) {
      const message = `${JSON.stringify(addr)} is not the host:port of an sshd`;
      problems.push({ path: [...path, "addr"], message });
    }
  }
  const resource: RemoteClusterResource = {
    kind: "remote_cluster",
    version: "v3",
    name: metadata.name,
    ...optionalMetadata(metadata),
    nodes: spec.nodes,
  };
  return { resource, problems, warnings: [] };
}
