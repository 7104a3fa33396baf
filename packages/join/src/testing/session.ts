import {
  AuthService,
  BotInstanceService,
  type CertAuthorityV2,
  type Certs,
  type CreateAppSessionRequest,
  type CredentialSchema,
  type GenerateHostCertRequest,
  type IssueWorkloadIdentitiesRequest,
  type IssueWorkloadIdentityRequest,
  type ListResourcesRequest,
  type ListResourcesResponseSchema,
  type RoleV6,
  type SubmitHeartbeatRequest,
  TrustService,
  type UserCertsRequest,
  WorkloadIdentityIssuanceService,
} from "@bot-join/proto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import type { AuthSession } from "../auth-session.ts";

/** What the Auth Service of a test answers; a method that is left out is never called. */
export interface AuthAnswers {
  ping?(): { serverVersion: string; proxyPublicAddr?: string };
  getRole?(name: string): RoleV6;
  getCertAuthorities?(type: string): CertAuthorityV2[];
  generateUserCerts?(request: UserCertsRequest): Certs;
  submitHeartbeat?(request: SubmitHeartbeatRequest): void;
  listResources?(request: ListResourcesRequest): MessageInitShape<typeof ListResourcesResponseSchema>;
  createAppSession?(request: CreateAppSessionRequest): string;
  getAppSession?(id: string): void;
  generateHostCert?(request: GenerateHostCertRequest): string;
  issueWorkloadIdentity?(request: IssueWorkloadIdentityRequest): MessageInitShape<typeof CredentialSchema>;
  issueWorkloadIdentities?(
    request: IssueWorkloadIdentitiesRequest,
  ): MessageInitShape<typeof CredentialSchema>[];
}

/** An Auth Service without a socket, and the calls it got in order. `beforeAnswer` holds every answer back. */
export function memorySession(
  answers: AuthAnswers,
  beforeAnswer: (call: string, calls: string[]) => Promise<void> | void = () => {},
): { session: AuthSession; calls: string[] } {
  const calls: string[] = [];
  const handle =
    <I, O>(name: (request: I) => string, answer: (request: I) => O) =>
    async (request: I): Promise<O> => {
      calls.push(name(request));
      await beforeAnswer(name(request), calls);
      return answer(request);
    };
  const unexpected = (): never => {
    throw new Error("this call was not expected");
  };
  const unimplemented = (): never => {
    throw new ConnectError("unknown method", Code.Unimplemented);
  };
  const {
    ping = unexpected,
    getRole = unexpected,
    getCertAuthorities = unexpected,
    generateUserCerts = unexpected,
    submitHeartbeat,
    listResources = unexpected,
    createAppSession = unexpected,
    getAppSession = unexpected,
    generateHostCert = unimplemented,
    issueWorkloadIdentity = unimplemented,
    issueWorkloadIdentities = unimplemented,
  } = answers;
  const transport = createRouterTransport((router) => {
    router.service(AuthService, {
      ping: handle(() => "Ping", ping),
      getRole: handle(
        ({ name }) => `GetRole ${name}`,
        ({ name }) => getRole(name),
      ),
      generateUserCerts: handle(({ roleRequests }) => `GenerateUserCerts ${roleRequests}`, generateUserCerts),
      listResources: handle(({ resourceType }) => `ListResources ${resourceType}`, listResources),
      createAppSession: handle(
        () => "CreateAppSession",
        (request: CreateAppSessionRequest) => ({
          session: { metadata: { name: createAppSession(request) } },
        }),
      ),
      getAppSession: handle(
        () => "GetAppSession",
        ({ sessionId }: { sessionId: string }) => {
          getAppSession(sessionId);
          return {};
        },
      ),
    });
    router.service(WorkloadIdentityIssuanceService, {
      issueWorkloadIdentity: handle(
        () => "IssueWorkloadIdentity",
        (request: IssueWorkloadIdentityRequest) => ({ credential: issueWorkloadIdentity(request) }),
      ),
      issueWorkloadIdentities: handle(
        () => "IssueWorkloadIdentities",
        (request: IssueWorkloadIdentitiesRequest) => ({ credentials: issueWorkloadIdentities(request) }),
      ),
    });
    router.service(TrustService, {
      getCertAuthorities: handle(
        ({ type }) => `GetCertAuthorities ${type}`,
        ({ type }) => ({ certAuthoritiesV2: getCertAuthorities(type) }),
      ),
      generateHostCert: handle(
        () => "GenerateHostCert",
        (request: GenerateHostCertRequest) => ({ sshCertificate: Buffer.from(generateHostCert(request)) }),
      ),
    });
    // Without it the service is unknown, as on an old server.
    if (submitHeartbeat === undefined) return;
    router.service(BotInstanceService, {
      submitHeartbeat: handle(
        () => "SubmitHeartbeat",
        (request: SubmitHeartbeatRequest) => {
          submitHeartbeat(request);
          return {};
        },
      ),
    });
  });
  return {
    calls,
    session: {
      auth: createClient(AuthService, transport),
      trust: createClient(TrustService, transport),
      instances: createClient(BotInstanceService, transport),
      workloads: createClient(WorkloadIdentityIssuanceService, transport),
      channel: { transport, close() {} },
    },
  };
}
