import * as v from "valibot";
import { ignored, optionalMapping, type Shape, text } from "../shape.ts";
import type { DatabaseResource } from "../targets.ts";
import { type Kind, kindOfShape, type Reading } from "./kind.ts";
import { checkMetadata, type Metadata, metadataShape, optionalMetadata } from "./metadata.ts";
import { checkVersion } from "./version.ts";

interface DatabaseDocument {
  version: string;
  metadata: Metadata;
  spec: { protocol: string; uri: string; tls: { mode: string; ca_cert: string; server_name: string } };
}

/** Keys of a database's `spec` that nothing here looks at. */
const otherKeys = [
  "ad",
  "admin_user",
  "aws",
  "azure",
  "ca_cert",
  "dynamic_labels",
  "gcp",
  "mongo_atlas",
  "mysql",
  "oracle",
];

/** The protocols that a proxy routes (proxy-transport.md section 1.2). */
const protocols: readonly string[] = [
  "postgres",
  "cockroachdb",
  "mysql",
  "mongodb",
  "oracle",
  "redis",
  "sqlserver",
  "snowflake",
  "cassandra",
  "elasticsearch",
  "opensearch",
  "dynamodb",
  "clickhouse",
  "clickhouse-http",
  "spanner",
];

const tlsModes = ["verify-full", "verify-ca", "insecure"] as const;

/** `kind: db` (user-certs.md section 2.9). */
export const databaseKind: Kind = kindOfShape<DatabaseDocument>(
  v.object({
    kind: text,
    sub_kind: text,
    version: text,
    metadata: metadataShape,
    spec: optionalMapping(
      v.object({
        protocol: text,
        uri: text,
        tls: optionalMapping(
          v.object({ mode: text, ca_cert: text, server_name: text, trust_system_cert_pool: ignored }),
        ),
        ...Object.fromEntries(otherKeys.map((key): [string, Shape<unknown>] => [key, ignored])),
      }),
    ),
    status: ignored,
  }),
  read,
);

const namePattern = /^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/;

function read({ version, metadata, spec }: DatabaseDocument): Omit<Reading, "keyWarnings"> {
  const problems = [...checkMetadata(metadata), ...checkVersion("db", version, "v3")];
  const name = JSON.stringify(metadata.name);
  if (metadata.name !== "" && !namePattern.test(metadata.name)) {
    const message = `database name ${name} must be letters, digits and hyphens, a letter first`;
    problems.push({ path: ["metadata", "name"], message });
  }
  if (!protocols.includes(spec.protocol)) {
    const message = `unsupported database ${name} protocol ${JSON.stringify(spec.protocol)}, supported are: [${protocols.join(" ")}]`;
    problems.push({ path: ["spec", "protocol"], message });
  }
  if (spec.uri === "") {
    problems.push({ path: ["spec", "uri"], message: `database ${name} URI is empty` });
  } else if (!/:\d+($|[/?])/.test(spec.uri)) {
    const message = `${JSON.stringify(spec.uri)} has no port: write host:port`;
    problems.push({ path: ["spec", "uri"], message });
  }
  const mode = spec.tls.mode === "" ? "verify-full" : tlsModes.find((each) => each === spec.tls.mode);
  if (mode === undefined) {
    const message = `${JSON.stringify(spec.tls.mode)} is none of ${tlsModes.join(", ")}`;
    problems.push({ path: ["spec", "tls", "mode"], message });
  }
  const resource: DatabaseResource = {
    kind: "db",
    version: "v3",
    name: metadata.name,
    ...optionalMetadata(metadata),
    protocol: spec.protocol,
    uri: spec.uri,
    tls: { mode: mode ?? "verify-full", caCert: spec.tls.ca_cert, serverName: spec.tls.server_name },
  };
  return { resource, problems, warnings: [] };
}
