import type { KubeAccess } from "@bot-join/resources";
import { mayAccess } from "../auth/may-access.ts";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { readVisitor, type Visitor } from "./visitor.ts";

/** Where a request to the Kubernetes address of the proxy goes. */
export interface KubeRoute {
  access: KubeAccess;
  /** Path and query for the API server. */
  path: string;
  /** Whom the API server is told to take the request for. */
  user: string;
  groups: string[];
}

/** The group of everybody who has shown who they are. */
const authenticatedGroup = "system:authenticated";

/**
 * Finds the API server of a request (proxy-transport.md section 6.1): the cluster that the path names, where the
 * version has such paths, else the one that the certificate names. Throws a Refusal; its texts are our own.
 */
export function routeToKubernetes(context: ClusterContext, certificatePem: string, path: string): KubeRoute {
  const visitor = readVisitor(context, certificatePem, "usage:kube");
  const named = nameOf(context, visitor, path);
  const cluster = context.state.targets.kubeClusters.get(named.cluster);
  if (cluster === undefined) {
    throw new Refusal("not-found", `kubernetes cluster "${named.cluster}" not found`);
  }
  if (!mayAccess(context, visitor.caller, "kubernetesLabels", cluster.labels)) {
    throw new Refusal("access-denied", `no role gives access to the kubernetes cluster "${cluster.name}"`);
  }
  const { kubernetesUsers: users = [], kubernetesGroups: groups = [] } = visitor.identity.attributes;
  if (users.length === 0 && groups.length === 0) {
    const message =
      "no role has kubernetes_groups or kubernetes_users, so there is nobody to be at the cluster";
    throw new Refusal("access-denied", message);
  }
  if (cluster.access === undefined) {
    const message = `the kubernetes cluster "${cluster.name}" has no kubeconfig, so it cannot be reached`;
    throw new Refusal("connection-problem", message);
  }
  return {
    access: cluster.access,
    path: named.path,
    user: users[0] ?? visitor.identity.username,
    groups: [...new Set([...groups, authenticatedGroup])],
  };
}

function nameOf(
  { name, profile }: ClusterContext,
  { identity }: Visitor,
  path: string,
): { cluster: string; path: string } {
  const routed = /^\/v1\/teleport\/([\w-]+)\/([\w-]+)([/?].*)?$/.exec(path);
  if (routed === null) {
    const cluster = identity.attributes.kubernetesCluster?.[0] ?? "";
    if (identity.routeToCluster === name) return { cluster, path };
    throw new Refusal("not-found", `cluster "${identity.routeToCluster}" is not found`);
  }
  if (!profile.kubernetesPaths) throw new Refusal("not-found", "404 page not found");
  const [teleportCluster = "", cluster = ""] = routed
    .slice(1, 3)
    .map((part) => Buffer.from(part, "base64url").toString("utf8"));
  if (teleportCluster !== name) throw new Refusal("not-found", `cluster "${teleportCluster}" is not found`);
  const rest = routed[3] ?? "/";
  return { cluster, path: rest.startsWith("?") ? `/${rest}` : rest };
}
