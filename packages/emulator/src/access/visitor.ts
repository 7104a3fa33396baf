import { readTeleportIdentity, type TeleportIdentity } from "@bot-join/formats";
import { authenticate } from "../auth/authenticate.ts";
import type { UserCaller } from "../caller.ts";
import type { ClusterContext } from "../context.ts";

/** Who uses the cluster to reach something, and what the certificate says about it. */
export interface Visitor {
  caller: UserCaller;
  identity: TeleportIdentity;
}

/** Reads who a client certificate that TLS has verified stands for; throws a Refusal. */
export function readVisitor(context: ClusterContext, certificatePem: string, usage: string): Visitor {
  context.state.refresh();
  const caller = authenticate(context, certificatePem, usage);
  return { caller, identity: readTeleportIdentity(certificatePem) };
}
