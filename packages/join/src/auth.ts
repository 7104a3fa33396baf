/*
 * The half of a join that speaks gRPC with the Auth Service. It is an entry of its own, so that a join can load it,
 * with the protobuf runtime, while the answer to its first request is on the way.
 */
export { type AuthSession, openAuthSession } from "./auth-session.ts";
export { type Heartbeat, type ServiceReport, submitHeartbeat } from "./heartbeat.ts";
export {
  type IssuedOutputs,
  type IssueOptions,
  issueOutputs,
  type OutputRequest,
} from "./output-certificates.ts";
export { type RenewOptions, renewIdentity } from "./renew-identity.ts";
