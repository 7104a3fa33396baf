import { Refusal } from "../refusal.ts";
import type { JoinRequest } from "./decode-request.ts";

/** Names of the roles that a Teleport process may join as (join.md section 2.1). */
const systemRoles: ReadonlySet<string> = new Set([
  "Auth",
  "Node",
  "Proxy",
  "Admin",
  "ProvisionToken",
  "Trusted_cluster",
  "Signup",
  "Nop",
  "RemoteProxy",
  "Kube",
  "App",
  "Db",
  "WindowsDesktop",
  "Bot",
  "Instance",
  "Discovery",
  "Okta",
  "MDM",
]);

/** Checks the fields of a join request in the server's order (join.md section 2.1, measured on 14.2.0). */
export function checkFields(request: JoinRequest): void {
  if (request.hostId === "" && request.role !== "Bot") {
    throw new Refusal("bad-parameter", "missing parameter HostID");
  }
  if (request.token === "") throw new Refusal("bad-parameter", "missing parameter Token");
  if (!systemRoles.has(request.role)) {
    throw new Refusal("bad-parameter", `role ${request.role} is not registered`);
  }
}
