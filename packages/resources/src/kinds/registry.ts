import { appKind } from "./app.ts";
import { botKind } from "./bot.ts";
import { databaseKind } from "./database.ts";
import type { Kind } from "./kind.ts";
import { kubeClusterKind } from "./kube-cluster.ts";
import { remoteClusterKind } from "./remote-cluster.ts";
import { roleKind } from "./role.ts";
import { tokenKind } from "./token.ts";
import { userKind } from "./user.ts";
import { workloadIdentityKind } from "./workload-identity.ts";

/** The kinds of document that are read, by the text of their `kind`. */
export const kinds: ReadonlyMap<string, Kind> = new Map([
  ["token", tokenKind],
  ["role", roleKind],
  ["bot", botKind],
  ["user", userKind],
  ["kube_cluster", kubeClusterKind],
  ["app", appKind],
  ["db", databaseKind],
  ["remote_cluster", remoteClusterKind],
  ["workload_identity", workloadIdentityKind],
]);
