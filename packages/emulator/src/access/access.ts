import type { AppResource } from "@bot-join/resources";
import type { ClusterContext } from "../context.ts";
import { isApplicationHost, routeToApplication } from "./applications.ts";
import { type DatabaseRoute, routeToDatabase } from "./databases.ts";
import { type KubeRoute, routeToKubernetes } from "./kubernetes.ts";

/** What certificates open through the proxy; each throws a Refusal instead of an answer. */
export interface ClusterAccess {
  kubernetes(certificatePem: string, path: string): KubeRoute;
  isApplicationHost(host: string): boolean;
  application(certificatePem: string): AppResource;
  database(certificatePem: string): DatabaseRoute;
}

/** Makes the decisions of a cluster about what is reached through its proxy. */
export function createAccess(context: ClusterContext): ClusterAccess {
  return {
    kubernetes: (certificatePem, path) => routeToKubernetes(context, certificatePem, path),
    isApplicationHost: (host) => isApplicationHost(context, host),
    application: (certificatePem) => routeToApplication(context, certificatePem),
    database: (certificatePem) => routeToDatabase(context, certificatePem),
  };
}
