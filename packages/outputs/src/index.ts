export { type Destination, openDestination } from "./destination.ts";
export { OutputError, type OutputErrorCode, outputErrorCodes } from "./errors.ts";
export { renderIdentityOutput } from "./identity-output.ts";
export { type OutputDeps, systemDeps } from "./output-deps.ts";
export type { Authority, OutputIdentity } from "./output-identity.ts";
export { type ProxyCommandOptions, proxyCommandLine } from "./proxy-command.ts";
export { removeOutput, type WrittenOutput } from "./remove.ts";
export type { SshTarget } from "./ssh-config.ts";
