import type { AppResource } from "@bot-join/resources";
import { mayAccess } from "../auth/may-access.ts";
import { appPublicAddress } from "../auth/target-messages.ts";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { readVisitor } from "./visitor.ts";

/** Tells whether a host name, as a client gives it, is one of an application and not the proxy's own. */
export function isApplicationHost(context: ClusterContext, host: string): boolean {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  const proxy = context.publicAddress.replace(/:\d+$/, "").toLowerCase();
  if (name === proxy) return false;
  context.state.refresh();
  const apps = [...context.state.targets.apps.values()];
  return name.endsWith(`.${proxy}`) || apps.some((app) => appPublicAddress(context, app) === name);
}

/**
 * Finds the application that a certificate is for: its session must still be there, and a role must give access
 * (proxy-transport.md section 6.2). Throws a Refusal, which a client sees as a redirection to the login page.
 */
export function routeToApplication(context: ClusterContext, certificatePem: string): AppResource {
  const { caller, identity } = readVisitor(context, certificatePem, "usage:apps");
  const { appSessionId, appPublicAddress: address, appClusterName } = identity.attributes;
  const session = context.state.appSessions.find(appSessionId?.[0] ?? "");
  if (session === undefined || session.username !== caller.username) {
    throw new Refusal("access-denied", "the certificate names no session with an application");
  }
  if (appClusterName?.[0] !== context.name) {
    throw new Refusal("not-found", `cluster "${appClusterName?.[0] ?? ""}" is not found`);
  }
  const apps = [...context.state.targets.apps.values()];
  const app = apps.find((each) => appPublicAddress(context, each) === address?.[0]);
  if (app === undefined) throw new Refusal("not-found", `no application is at "${address?.[0] ?? ""}"`);
  if (!mayAccess(context, caller, "appLabels", app.labels)) {
    throw new Refusal("access-denied", `no role gives access to the application "${app.name}"`);
  }
  return app;
}
