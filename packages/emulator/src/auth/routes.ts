import type { TeleportAttributeName } from "@bot-join/formats";
import { CertUsage, type RouteToApp, type UserCertsRequest } from "@bot-join/proto";
import type { RoleResource } from "@bot-join/resources";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { mayAccessLeaf } from "./may-access.ts";

/** Attributes of an X.509 certificate. */
export type RouteAttributes = Partial<Record<TeleportAttributeName, readonly string[]>>;

/** Gives the cluster that a certificate is routed to: this one, or a leaf cluster that the roles may see. */
export function routeToCluster(
  context: ClusterContext,
  wanted: string,
  roles: readonly RoleResource[],
): string {
  if (wanted === "" || wanted === context.name) return context.name;
  const leaf = context.state.targets.remoteClusters.get(wanted);
  const names = roles.map(({ name }) => name);
  if (leaf !== undefined && mayAccessLeaf(context, { roles: names }, leaf)) return wanted;
  throw new Refusal("not-found", `remote cluster "${wanted}" is not found`);
}

/**
 * Makes the attributes of the wanted Kubernetes cluster, database and application. Only the first is looked up: a
 * certificate for an unknown database or application is issued (measured on 14.2.0).
 */
export function routeAttributes(
  context: ClusterContext,
  request: UserCertsRequest,
  certificate: { cluster: string; notAfter: Date },
): RouteAttributes {
  const database = request.routeToDatabase;
  const app = request.routeToApp;
  const given = (value: string | undefined): string[] => (value ? [value] : []);
  return {
    // What a leaf cluster has is not known here.
    kubernetesCluster: given(
      certificate.cluster === context.name
        ? kubernetesCluster(context, request.kubernetesCluster)
        : request.kubernetesCluster,
    ),
    appSessionId: given(app && appSession(context, app, request.username, certificate.notAfter)),
    appPublicAddress: given(app?.publicAddr),
    appClusterName: given(app?.clusterName),
    appName: given(app?.name),
    appAwsRoleArn: given(app?.awsRoleArn),
    appAzureIdentity: given(app?.azureIdentity),
    appGcpServiceAccount: given(app?.gcpServiceAccount),
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
  const known = state.targets.kubeClusters;
  if (wanted === "") return known.has(name) ? name : [...known.keys()].sort()[0];
  if (known.has(wanted)) return wanted;
  throw new Refusal(
    "bad-parameter",
    `kubernetes cluster "${wanted}" is not registered in this teleport cluster; you can list registered kubernetes clusters using 'tsh kube ls'`,
  );
}

/** Values of OU that restrict what a certificate is good for (user-certs.md section 3.2). */
const usages: Readonly<Partial<Record<CertUsage, string>>> = {
  [CertUsage.KUBERNETES]: "usage:kube",
  [CertUsage.DATABASE]: "usage:db",
  [CertUsage.APP]: "usage:apps",
  [CertUsage.WINDOWS_DESKTOP]: "usage:windows_desktop",
};

/** Gives the restrictions of a certificate; none for one that is good for everything. */
export function usageRestrictions({ usage }: UserCertsRequest): string[] {
  const restriction = usages[usage];
  return restriction === undefined ? [] : [restriction];
}

/** Gives the session of an application certificate: newer servers begin it themselves. */
function appSession(
  { profile, state }: ClusterContext,
  app: RouteToApp,
  username: string,
  expires: Date,
): string {
  const isOurs = profile.makesAppSessions && app.name !== "";
  return isOurs ? state.appSessions.create({ username, expires }) : app.sessionId;
}
