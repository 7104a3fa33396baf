import {
  AuthService,
  BotInstanceService,
  PresenceService,
  TrustService,
  WorkloadIdentityIssuanceService,
} from "@bot-join/proto";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { anonymousCaller, type Caller } from "../caller.ts";
import type { Cluster } from "../cluster.ts";
import { toStatus } from "./refusal-status.ts";
import { connectionKey } from "./server.ts";

/** Registers the Auth Service's services, each call made by whom the connection's certificate names. */
export function authRoutes(
  cluster: Cluster,
  onInternalError: (error: unknown) => void,
): (router: ConnectRouter) => void {
  const { rpc } = cluster;
  const call =
    <Request, Answer>(method: (caller: Caller, request: Request) => Answer | Promise<Answer>) =>
    async (request: Request, context: HandlerContext): Promise<Answer> => {
      try {
        const { certificatePem } = context.values.get(connectionKey);
        const caller = certificatePem === undefined ? anonymousCaller : cluster.authenticate(certificatePem);
        return await method(caller, request);
      } catch (error) {
        throw toStatus(error, onInternalError);
      }
    };
  return (router) => {
    router.service(AuthService, {
      ping: async (request, context) => ({
        ...(await call(rpc.ping)(request, context)),
        remoteAddr: context.values.get(connectionKey).address,
      }),
      getRole: call(rpc.getRole),
      getUser: call(rpc.getUser),
      getClusterCACert: call(rpc.getClusterCACert),
      generateUserCerts: call(rpc.generateUserCerts),
      listResources: call(rpc.listResources),
      listUnifiedResources: call(rpc.listUnifiedResources),
      createAppSession: call(rpc.createAppSession),
      getAppSession: call(rpc.getAppSession),
    });
    router.service(TrustService, {
      getCertAuthority: call(rpc.getCertAuthority),
      getCertAuthorities: call(rpc.getCertAuthorities),
      generateHostCert: call(rpc.generateHostCert),
    });
    if (cluster.profile.workloadIdentities) {
      router.service(WorkloadIdentityIssuanceService, {
        issueWorkloadIdentity: call(rpc.issueWorkloadIdentity),
        issueWorkloadIdentities: call(rpc.issueWorkloadIdentities),
      });
    }
    if (cluster.profile.presenceService) {
      router.service(PresenceService, { listRemoteClusters: call(rpc.listRemoteClusters) });
    }
    if (!cluster.profile.botInstances) return;
    router.service(BotInstanceService, { submitHeartbeat: call(rpc.submitHeartbeat) });
  };
}
