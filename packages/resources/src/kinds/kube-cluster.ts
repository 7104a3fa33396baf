import * as v from "valibot";
import { readKubeconfig } from "../kubeconfig.ts";
import type { DocumentProblem } from "../problem.ts";
import { ignored, optionalMapping, text } from "../shape.ts";
import type { KubeAccess, KubeClusterResource } from "../targets.ts";
import { type Kind, kindOfShape, type Reading } from "./kind.ts";
import { checkMetadata, type Metadata, metadataShape, optionalMetadata } from "./metadata.ts";
import { checkVersion } from "./version.ts";

interface KubeClusterDocument {
  version: string;
  metadata: Metadata;
  spec: { kubeconfig: string };
}

/** `kind: kube_cluster` (user-certs.md section 2.9). */
export const kubeClusterKind: Kind = kindOfShape<KubeClusterDocument>(
  v.object({
    kind: text,
    sub_kind: text,
    version: text,
    metadata: metadataShape,
    spec: optionalMapping(
      v.object({ kubeconfig: text, dynamic_labels: ignored, aws: ignored, azure: ignored, gcp: ignored }),
    ),
    status: ignored,
  }),
  read,
);

function read({ version, metadata, spec }: KubeClusterDocument): Omit<Reading, "keyWarnings"> {
  const problems = [...checkMetadata(metadata), ...checkVersion("kube_cluster", version, "v3")];
  const resource: KubeClusterResource = {
    kind: "kube_cluster",
    version: "v3",
    name: metadata.name,
    ...optionalMetadata(metadata),
  };
  if (spec.kubeconfig !== "") {
    const kubeconfig = Buffer.from(spec.kubeconfig, "base64").toString("utf8");
    const access = decode(spec.kubeconfig, kubeconfig);
    if ("message" in access) problems.push(access);
    else Object.assign(resource, { kubeconfig, access });
  }
  return { resource, problems, warnings: [] };
}

function decode(written: string, kubeconfig: string): KubeAccess | DocumentProblem {
  const path = ["spec", "kubeconfig"];
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(written))
    return { path, message: "must be a kubeconfig in base64" };
  const access = readKubeconfig(kubeconfig);
  return typeof access === "string" ? { path, message: access } : access;
}
