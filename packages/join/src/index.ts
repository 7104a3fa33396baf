export type { BotCertificates, BotIdentity } from "./bot-identity.ts";
export { JoinError, type JoinErrorCode, joinErrorCodes } from "./errors.ts";
export { createKeyPair, type KeyPair, type KeyType } from "./key-pair.ts";
export { findJoinMethod, joinMethods } from "./methods/index.ts";
export type { JoinMethod } from "./methods/join-method.ts";
export type { IssuedOutputs } from "./output-certificates.ts";
export { printableTokenName, type RegisterOptions, register } from "./register.ts";
export { restoreIdentity } from "./restore-identity.ts";
export type { Authority, OutputCertificates } from "./rpc-answers.ts";
