import type {
  CertAuthorityV2,
  Certs,
  CreateAppSessionRequest,
  CreateAppSessionResponse,
  GenerateHostCertRequest,
  GenerateHostCertResponse,
  GetAppSessionRequest,
  GetAppSessionResponse,
  GetCertAuthoritiesRequest,
  GetCertAuthoritiesResponse,
  GetCertAuthorityRequest,
  GetClusterCACertResponse,
  GetRoleRequest,
  GetUserRequest,
  IssueWorkloadIdentitiesRequest,
  IssueWorkloadIdentitiesResponse,
  IssueWorkloadIdentityRequest,
  IssueWorkloadIdentityResponse,
  ListRemoteClustersRequest,
  ListRemoteClustersResponse,
  ListResourcesRequest,
  ListResourcesResponse,
  ListUnifiedResourcesRequest,
  ListUnifiedResourcesResponse,
  PingRequest,
  PingResponse,
  RoleV6,
  SubmitHeartbeatRequest,
  SubmitHeartbeatResponse,
  UserCertsRequest,
  UserV2,
} from "@bot-join/proto";
import type { Empty } from "@bufbuild/protobuf/wkt";
import { createAppSession, getAppSession } from "./auth/app-sessions.ts";
import { authorize } from "./auth/authorize.ts";
import { generateHostCert, issueHostCertificate, readLegacyHostRequest } from "./auth/generate-host-cert.ts";
import { generateUserCerts } from "./auth/generate-user-certs.ts";
import { listResources, listUnifiedResources } from "./auth/list-resources.ts";
import { getCertAuthorities, getCertAuthority } from "./auth/read-authorities.ts";
import { getClusterCaCert, getRole, getUser, ping } from "./auth/read-resources.ts";
import { listRemoteClusters, visibleLeaves } from "./auth/remote-clusters.ts";
import { submitHeartbeat } from "./auth/submit-heartbeat.ts";
import type { Caller } from "./caller.ts";
import type { ClusterContext } from "./context.ts";
import { issueWorkloadIdentities, issueWorkloadIdentity } from "./workload/issue.ts";

/** A handler of one RPC: throws a Refusal instead of an answer. */
type RpcHandler<Request, Answer> = (caller: Caller, request: Request) => Answer;

/** The RPCs of the Auth Service that a bot meets (user-certs.md section 2). */
export interface ClusterRpc {
  ping: RpcHandler<PingRequest, PingResponse>;
  getRole: RpcHandler<GetRoleRequest, RoleV6>;
  getUser: RpcHandler<GetUserRequest, UserV2>;
  getClusterCACert: RpcHandler<Empty, GetClusterCACertResponse>;
  getCertAuthority: RpcHandler<GetCertAuthorityRequest, CertAuthorityV2>;
  getCertAuthorities: RpcHandler<GetCertAuthoritiesRequest, GetCertAuthoritiesResponse>;
  generateUserCerts: RpcHandler<UserCertsRequest, Certs>;
  generateHostCert: RpcHandler<GenerateHostCertRequest, GenerateHostCertResponse>;
  listResources: RpcHandler<ListResourcesRequest, ListResourcesResponse>;
  listUnifiedResources: RpcHandler<ListUnifiedResourcesRequest, ListUnifiedResourcesResponse>;
  listRemoteClusters: RpcHandler<ListRemoteClustersRequest, ListRemoteClustersResponse>;
  createAppSession: RpcHandler<CreateAppSessionRequest, CreateAppSessionResponse>;
  getAppSession: RpcHandler<GetAppSessionRequest, GetAppSessionResponse>;
  submitHeartbeat: RpcHandler<SubmitHeartbeatRequest, SubmitHeartbeatResponse>;
  issueWorkloadIdentity: RpcHandler<IssueWorkloadIdentityRequest, Promise<IssueWorkloadIdentityResponse>>;
  issueWorkloadIdentities: RpcHandler<
    IssueWorkloadIdentitiesRequest,
    Promise<IssueWorkloadIdentitiesResponse>
  >;
  /** Names of the leaf clusters that the caller may see, for the legacy HTTP API. */
  leafClusters(caller: Caller): string[];
  /** A host certificate over the legacy HTTP API. */
  legacyHostCertificate: RpcHandler<unknown, string>;
}

/** Makes the RPCs of a cluster; before each the caller is looked at again. */
export function createRpc(context: ClusterContext): ClusterRpc {
  const authorized =
    <Request, Answer>(
      handler: (context: ClusterContext, caller: Caller, request: Request) => Answer,
    ): RpcHandler<Request, Answer> =>
    (caller, request) => {
      authorize(context.state, caller);
      return handler(context, caller, request);
    };
  return {
    ping: authorized(ping),
    getRole: authorized(getRole),
    getUser: authorized(getUser),
    getClusterCACert: authorized(getClusterCaCert),
    getCertAuthority: authorized(getCertAuthority),
    getCertAuthorities: authorized(getCertAuthorities),
    generateUserCerts: authorized(generateUserCerts),
    generateHostCert: authorized(generateHostCert),
    listResources: authorized(listResources),
    listUnifiedResources: authorized(listUnifiedResources),
    listRemoteClusters: authorized(listRemoteClusters),
    createAppSession: authorized(createAppSession),
    getAppSession: authorized(getAppSession),
    submitHeartbeat: authorized(submitHeartbeat),
    issueWorkloadIdentity: authorized(issueWorkloadIdentity),
    issueWorkloadIdentities: authorized(issueWorkloadIdentities),
    leafClusters: (caller) => {
      authorize(context.state, caller);
      return visibleLeaves(context, caller).map(({ name }) => name);
    },
    legacyHostCertificate: authorized((_, caller, body: unknown) =>
      issueHostCertificate(context, caller, readLegacyHostRequest(body)),
    ),
  };
}
