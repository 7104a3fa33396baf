export { type AuthSession, openAuthSession } from "./auth-session.ts";
export type { BotIdentity } from "./credentials.ts";
export { JoinError, type JoinErrorCode, joinErrorCodes } from "./errors.ts";
export { createKeyPair, type KeyPair, type KeyType } from "./key-pair.ts";
export { findJoinMethod, joinMethods } from "./methods/index.ts";
export type { JoinMethod } from "./methods/join-method.ts";
export {
  type IssuedOutputs,
  type IssueOptions,
  issueOutputs,
  type OutputRequest,
} from "./output-certificates.ts";
export { printableTokenName, type RegisterOptions, register } from "./register.ts";
export type { Authority, OutputCertificates } from "./rpc-answers.ts";
