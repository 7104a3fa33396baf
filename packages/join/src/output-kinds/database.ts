import { findResource, type ResourceKind } from "../find-resource.ts";
import type { IssueContext } from "../issue-context.ts";
import type { IssuedOutputOf } from "../issued-output.ts";
import type { OutputRequestOf } from "../output-request.ts";
import { requestCertificates } from "../user-certificates.ts";

const databases: ResourceKind<{ protocol: string }> = {
  resourceType: "db_server",
  noun: "database",
  command: "tsh db ls",
  roleLabels: "db_labels",
  read({ resource }) {
    if (resource.case !== "databaseServer") return undefined;
    const database = resource.value.spec?.database;
    return { metadata: database?.metadata, value: { protocol: database?.spec?.protocol ?? "" } };
  },
};

/** Issues a `database` output: the name is looked up, for the server itself checks none (measured-14.2.0.md section 5). */
export async function issueDatabase(
  context: IssueContext,
  output: OutputRequestOf<"database">,
): Promise<IssuedOutputOf<"database">> {
  const { name, value } = await findResource(context, output, databases, output.service);
  const certificates = await requestCertificates(context, output, {
    routeToDatabase: {
      serviceName: name,
      protocol: value.protocol,
      // What every Redis has (outputs.md section 1.2).
      username: output.username === "" && value.protocol === "redis" ? "default" : output.username,
      database: output.database,
    },
  });
  const { identity, notAfter } = certificates;
  return { type: "database", certificates, roles: identity.roles, notAfter, protocol: value.protocol };
}
