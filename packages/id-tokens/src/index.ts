export { clockToleranceMs } from "./check-claims.ts";
export { IdTokenError, type IdTokenErrorCode, idTokenErrorCodes } from "./errors.ts";
export { fetchIdToken, holdsIdToken } from "./fetch-id-token.ts";
export { detectPlatform, platforms } from "./platforms.ts";
export type {
  DetectedPlatform,
  IdToken,
  IdTokenDeps,
  IdTokenRequest,
  Platform,
  PlatformEnvironment,
  Sign,
  TokenRules,
} from "./types.ts";
