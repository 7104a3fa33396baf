import {
  AuthService,
  BotInstanceService,
  type CertAuthorityV2,
  type Certs,
  type RoleV6,
  type SubmitHeartbeatRequest,
  TrustService,
  type UserCertsRequest,
} from "@bot-join/proto";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import type { AuthSession } from "../auth-session.ts";

/** What the Auth Service of a test answers; a method that is left out is never called. */
export interface AuthAnswers {
  ping?(): { serverVersion: string; proxyPublicAddr?: string };
  getRole?(name: string): RoleV6;
  getCertAuthorities?(type: string): CertAuthorityV2[];
  generateUserCerts?(request: UserCertsRequest): Certs;
  submitHeartbeat?(request: SubmitHeartbeatRequest): void;
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
  const {
    ping = unexpected,
    getRole = unexpected,
    getCertAuthorities = unexpected,
    generateUserCerts = unexpected,
    submitHeartbeat,
  } = answers;
  const transport = createRouterTransport((router) => {
    router.service(AuthService, {
      ping: handle(() => "Ping", ping),
      getRole: handle(
        ({ name }) => `GetRole ${name}`,
        ({ name }) => getRole(name),
      ),
      generateUserCerts: handle(({ roleRequests }) => `GenerateUserCerts ${roleRequests}`, generateUserCerts),
    });
    router.service(TrustService, {
      getCertAuthorities: handle(
        ({ type }) => `GetCertAuthorities ${type}`,
        ({ type }) => ({ certAuthoritiesV2: getCertAuthorities(type) }),
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
      channel: { transport, close() {} },
    },
  };
}
