import { renderCaBundle } from "./ca-bundles.ts";
import { authorityFiles, keyFiles, type NamedFile, tlsFiles } from "./common-files.ts";
import type { OutputFiles } from "./output-files.ts";
import { endLine, type OutputIdentity } from "./output-identity.ts";

/** Names of further files that a database client asks for; empty: none. */
export type DatabaseFormat = "" | "tls" | "mongo" | "cockroach";

const formatFiles: Readonly<Record<DatabaseFormat, (identity: OutputIdentity) => NamedFile[]>> = {
  "": () => [],
  tls: tlsFiles,
  // MongoDB's tools want certificate and key in one file, in this order.
  mongo: (identity) => [
    ["mongo.crt", endLine(identity.tlsCertificate) + endLine(identity.privateKeyPem.reveal())],
    ["mongo.cas", renderCaBundle(identity.authorities.db)],
  ],
  cockroach: (identity) => [
    ["cockroach/node.crt", endLine(identity.tlsCertificate)],
    ["cockroach/node.key", endLine(identity.privateKeyPem.reveal())],
    ["cockroach/ca.crt", renderCaBundle(identity.authorities.db)],
  ],
};

/**
 * Renders the files of a `database` output from a certificate that is routed to the database, in one of tbot's formats
 * (outputs.md section 7). Throws `ERR_OUTPUT_NAME_UNSAFE`.
 */
export function renderDatabaseOutput(
  identity: OutputIdentity,
  { format }: { format: DatabaseFormat },
): OutputFiles {
  return new Map([...authorityFiles(identity), ...keyFiles(identity), ...formatFiles[format](identity)]);
}
