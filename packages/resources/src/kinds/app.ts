import * as v from "valibot";
import { flag, ignored, optionalMapping, type Shape, text } from "../shape.ts";
import type { AppResource } from "../targets.ts";
import { type Kind, kindOfShape, type Reading } from "./kind.ts";
import { checkMetadata, type Metadata, metadataShape, optionalMetadata } from "./metadata.ts";
import { checkVersion } from "./version.ts";

interface AppDocument {
  version: string;
  metadata: Metadata;
  spec: { uri: string; public_addr: string; insecure_skip_verify: boolean | undefined };
}

/** Keys of an application's `spec` that nothing here looks at. */
const otherKeys = [
  "aws",
  "cloud",
  "cors",
  "dynamic_labels",
  "identity_center",
  "integration",
  "mcp",
  "required_app_names",
  "rewrite",
  "tcp_ports",
  "use_any_proxy_public_addr",
  "user_groups",
];

/** `kind: app` (user-certs.md section 2.9, outputs.md section 7). */
export const appKind: Kind = kindOfShape<AppDocument>(
  v.object({
    kind: text,
    sub_kind: text,
    version: text,
    metadata: metadataShape,
    spec: optionalMapping(
      v.object({
        uri: text,
        public_addr: text,
        insecure_skip_verify: flag,
        ...Object.fromEntries(otherKeys.map((key): [string, Shape<unknown>] => [key, ignored])),
      }),
    ),
    status: ignored,
  }),
  read,
);

/** An application's name becomes a label of a host name. */
const namePattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

function read({ version, metadata, spec }: AppDocument): Omit<Reading, "keyWarnings"> {
  const problems = [...checkMetadata(metadata), ...checkVersion("app", version, "v3")];
  const { uri, public_addr: publicAddr } = spec;
  if (metadata.name !== "" && !namePattern.test(metadata.name)) {
    const message = `application name ${JSON.stringify(metadata.name)} must be a lower case label of a host name`;
    problems.push({ path: ["metadata", "name"], message });
  }
  if (uri === "") {
    problems.push({ path: ["spec", "uri"], message: `missing app ${JSON.stringify(metadata.name)} URI` });
  } else if (!/^(https?|tcp):$/.test(protocolOf(uri))) {
    const message = `${JSON.stringify(uri)} is not an address that starts with http://, https:// or tcp://`;
    problems.push({ path: ["spec", "uri"], message });
  }
  if (/[:/]/.test(publicAddr)) {
    const message = `${JSON.stringify(publicAddr)} must be a host name, without scheme and port`;
    problems.push({ path: ["spec", "public_addr"], message });
  }
  const resource: AppResource = {
    kind: "app",
    version: "v3",
    name: metadata.name,
    ...optionalMetadata(metadata),
    uri,
    ...(publicAddr !== "" && { publicAddr }),
    insecureSkipVerify: spec.insecure_skip_verify ?? false,
  };
  return { resource, problems, warnings: [] };
}

function protocolOf(uri: string): string {
  try {
    return new URL(uri).protocol;
  } catch {
    return "";
  }
}
