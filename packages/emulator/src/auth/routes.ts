import { randomBytes } from "node:crypto";
import type { TeleportAttributeName } from "@bot-join/formats";
import type { UserCertsRequest } from "@bot-join/proto";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";

/** Attributes of an X.509 certificate. */
export type RouteAttributes = Partial<Record<TeleportAttributeName, readonly string[]>>;

/** Gives the cluster that a certificate is routed to; there are no leaf clusters yet. */
export function routeToCluster(context: ClusterContext, wanted: string): string {
  if (wanted === "" || wanted === context.name) return context.name;
  throw new Refusal("not-found", `remote cluster "${wanted}" is not found`);
}

/**
 * Makes the attributes of the wanted Kubernetes cluster, database and application. Only the first is looked up: a
 * certificate for an unknown database or application is issued (measured on 14.2.0).
 */
export function routeAttributes(context: ClusterContext, request: UserCertsRequest): RouteAttributes {
  const database = request.routeToDatabase;
  const app = request.routeToApp;
  const given = (value: string | undefined): string[] => (value ? [value] : []);
  return {
    kubernetesCluster: given(kubernetesCluster(context, request.kubernetesCluster)),
    appSessionId: given(app && appSession(context, app.name, app.sessionId)),
    appPublicAddress: given(app?.publicAddr),
    appClusterName: given(app?.clusterName),
    appName: given(app?.name),
    databaseService: given(database?.serviceName),
    databaseProtocol: given(database?.protocol),
    databaseUser: given(database?.username),
    databaseName: given(database?.database),
    requestedDatabaseRoles: database?.roles ?? [],
  };
}

/**
 * Gives the Kubernetes cluster of a certificate: the wanted one, or else the one named like the cluster, or else the
 * first by name (user-certs.md section 3.2).
 */
export function kubernetesCluster({ name, state }: ClusterContext, wanted: string): string | undefined {
  const known = state.kubernetesClusters;
  if (wanted === "") return known.has(name) ? name : [...known].sort()[0];
  if (known.has(wanted)) return wanted;
  throw new Refusal(
    "bad-parameter",
    `kubernetes cluster "${wanted}" is not registered in this teleport cluster; you can list registered kubernetes clusters using 'tsh kube ls'`,
  );
}

function appSession({ profile }: ClusterContext, appName: string, given: string): string {
  return profile.makesAppSessions && appName !== "" ? randomBytes(32).toString("hex") : given;
}
