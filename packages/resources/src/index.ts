export { botRole, botUser, botUserName } from "./bot-objects.ts";
export { ResourceError, type ResourceErrorCode, resourceErrorCodes } from "./errors.ts";
export { roleAllowsImpersonation } from "./impersonation.ts";
export type { GithubBlock, GithubRule } from "./join-methods/github.ts";
export type { IdTokenJoinMethod, JoinMethod, MatchableField } from "./join-methods/join-method.ts";
export { findJoinMethod, joinMethods } from "./join-methods/registry.ts";
export { expandLogins, expandRoleLogins } from "./logins.ts";
export { type FieldTrace, type MatchTrace, matchToken, type RuleTrace } from "./match-token.ts";
export type {
  BotResource,
  Resource,
  RoleConditions,
  RoleResource,
  TokenResource,
  UserResource,
  ValueLists,
} from "./model.ts";
export { checkResources, parseResources, type ResourceReport } from "./parse-resources.ts";
export { presetRoles } from "./preset-roles.ts";
export { formatProblem, type ResourceProblem } from "./problem.ts";
export { defaultMaxSessionTtlMs, roleConditions } from "./role-defaults.ts";
export { safeTokenName } from "./safe-token-name.ts";
export { checkServerSupport, type ServerFeatures } from "./server-support.ts";
