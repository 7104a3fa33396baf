import { type DatabaseResource, type RoleResource, rolesAllowLabels } from "@bot-join/resources";
import { issueDatabaseClient } from "../authority/database-certificates.ts";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { readVisitor } from "./visitor.ts";

/** Where a database connection goes, and as whom. */
export interface DatabaseRoute {
  database: DatabaseResource;
  /** User and database that the certificate names; empty where it names none. */
  user: string;
  name: string;
  /** Checks that a role allows this user, and database name if one is given; throws a Refusal. */
  checkLogin(user: string, name: string | undefined): void;
  /** Issues what the database is shown: a certificate of the user. */
  clientCertificate(user: string): { certificatePem: string; privateKeyPem: string };
  /** PEM of the authority that the database's own certificate must be from, unless its document names another. */
  authorityPem: string;
}

/** Finds the database that a certificate is for (proxy-transport.md section 6.3); throws a Refusal. */
export function routeToDatabase(context: ClusterContext, certificatePem: string): DatabaseRoute {
  const { caller, identity } = readVisitor(context, certificatePem, "usage:db");
  const { databaseService, databaseUser, databaseName, allowedDatabaseUsers, allowedDatabaseNames } =
    identity.attributes;
  const service = databaseService?.[0] ?? "";
  const database = context.state.targets.databases.get(service);
  if (database === undefined || identity.routeToCluster !== context.name) {
    throw new Refusal(
      "not-found",
      `database "${service}" not found in the cluster "${identity.routeToCluster}"`,
    );
  }
  const roles = caller.roles.flatMap((name) => context.state.roles.get(name) ?? []);
  const { authorities, clock } = context;
  return {
    database,
    user: databaseUser?.[0] ?? "",
    name: databaseName?.[0] ?? "",
    checkLogin: (user, name) => {
      const allowed =
        rolesAllowLabels(roles, "dbLabels", database.labels) &&
        isAllowed(user, allowedDatabaseUsers, roles, "dbUsers") &&
        (name === undefined || isAllowed(name, allowedDatabaseNames, roles, "dbNames"));
      if (allowed) return;
      const where = name === undefined ? "" : ` in the database "${name}"`;
      const message = `access to db denied: no role allows the user "${user}"${where} of "${service}"`;
      throw new Refusal("access-denied", message);
    },
    clientCertificate: (user) => issueDatabaseClient(authorities.dbClient, user, clock.now()),
    authorityPem: authorities.db.tlsCertificatePem,
  };
}

function isAllowed(
  value: string,
  allowed: readonly string[] = [],
  roles: readonly RoleResource[],
  condition: "dbUsers" | "dbNames",
): boolean {
  const hit = (values: readonly string[]): boolean => values.includes("*") || values.includes(value);
  return hit(allowed) && !roles.some(({ deny }) => hit(deny[condition]));
}
