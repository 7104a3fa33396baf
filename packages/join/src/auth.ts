/*
 * The half of a join that speaks gRPC with the Auth Service. It is an entry of its own, so that a join can load it,
 * with the protobuf runtime, while the answer to its first request is on the way.
 */
export { createAuthDialer } from "./auth-dialer.ts";
export { type AuthSession, openAuthSession } from "./auth-session.ts";
export { type Heartbeat, type ServiceReport, submitHeartbeat } from "./heartbeat.ts";
export { registerOverJoinService } from "./join-service.ts";
export { type IssueOptions, issueOutputs } from "./output-certificates.ts";
export type { OutputRequest } from "./output-request.ts";
export { type RenewOptions, renewIdentity } from "./renew-identity.ts";
