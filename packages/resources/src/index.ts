export {
  type BotAuthentication,
  type BotHeartbeat,
  type BotInstance,
  type BotInstanceSummary,
  type BotKind,
  type BotServiceHealth,
  createBotInstance,
  maxRecords,
  recordAuthentication,
  recordHeartbeat,
  summarizeBotInstance,
  type UpdaterInfo,
  type UpdaterStatus,
} from "./bot-instance/bot-instance.ts";
export type {
  JoinAttrs,
  JoinAttrsAwsIam,
  JoinAttrsAzure,
  JoinAttrsAzureDevops,
  JoinAttrsBitbucket,
  JoinAttrsCircleCi,
  JoinAttrsEnv0,
  JoinAttrsGcp,
  JoinAttrsGitHub,
  JoinAttrsGitLab,
  JoinAttrsKubernetes,
  JoinAttrsMeta,
  JoinAttrsOracle,
  JoinAttrsSpacelift,
  JoinAttrsTerraformCloud,
  JoinAttrsTpm,
} from "./bot-instance/join-attrs.ts";
export { joinAttrs } from "./bot-instance/join-attrs.ts";
export { parseBotInstances } from "./bot-instance/parse.ts";
export { botInstanceDocument, renderBotInstance } from "./bot-instance/render.ts";
export { botRole, botUser, botUserName } from "./bot-objects.ts";
export { newTokenSecret, withBoundKeypairStatus } from "./bound-keypair.ts";
export { convertToken, readTokenDocuments, type TokenForm } from "./convert-token.ts";
export { ResourceError, type ResourceErrorCode, resourceErrorCodes } from "./errors.ts";
export { roleAllowsImpersonation } from "./impersonation.ts";
export type { AwsRule } from "./join-methods/aws-rules.ts";
export type { AzureAttested, AzureBlock, AzureRule } from "./join-methods/azure.ts";
export type { AzureDevopsBlock, AzureDevopsRule } from "./join-methods/azure-devops.ts";
export type { BitbucketBlock, BitbucketRule } from "./join-methods/bitbucket.ts";
export type { MethodBlocks } from "./join-methods/blocks.ts";
export type { BoundKeypairBlock } from "./join-methods/bound-keypair.ts";
export type { CircleciBlock, CircleciRule } from "./join-methods/circleci.ts";
export type { Comparison, RuleValue } from "./join-methods/comparison.ts";
export type { Ec2Attested } from "./join-methods/ec2.ts";
export type { Env0Block, Env0Rule } from "./join-methods/env0.ts";
export type { GcpBlock, GcpRule } from "./join-methods/gcp.ts";
export type { GithubBlock, GithubRule } from "./join-methods/github.ts";
export type { GitlabBlock, GitlabRule } from "./join-methods/gitlab.ts";
export type { IamAttested } from "./join-methods/iam.ts";
export type {
  ClaimsRefusal,
  IdTokenJoinMethod,
  JoinMethod,
  JoinMethodName,
  MatchableField,
} from "./join-methods/join-method.ts";
export type { KubernetesBlock, KubernetesRule } from "./join-methods/kubernetes.ts";
export type { OracleAttested, OracleBlock, OracleRule } from "./join-methods/oracle.ts";
export { findJoinMethod, joinMethods } from "./join-methods/registry.ts";
export type { SpaceliftBlock, SpaceliftRule } from "./join-methods/spacelift.ts";
export type { TerraformCloudBlock, TerraformCloudRule } from "./join-methods/terraform-cloud.ts";
export type { TpmAttested, TpmBlock, TpmRule } from "./join-methods/tpm.ts";
export { expandLogins, expandRoleLogins, expandTraits } from "./logins.ts";
export { type LabelCondition, rolesAllowLabels } from "./match-labels.ts";
export { type MatchableClaim, type MatchOptions, matchableClaims, matchToken } from "./match-token.ts";
export type { FieldTrace, MatchTrace, RuleTrace } from "./match-trace.ts";
export type {
  BotResource,
  BoundKeypairStatus,
  Resource,
  RoleConditions,
  RoleResource,
  TokenResource,
  TokenStatus,
  UserResource,
  ValueLists,
} from "./model.ts";
export {
  type CheckOptions,
  checkResources,
  checkToken,
  parseResources,
  type ResourceReport,
} from "./parse-resources.ts";
export { presetRoles } from "./preset-roles.ts";
export { formatProblem, type ResourceProblem } from "./problem.ts";
export { renderResource, resourceDocument } from "./render-resource.ts";
export { defaultMaxSessionTtlMs, roleConditions } from "./role-defaults.ts";
export { safeTokenName } from "./safe-token-name.ts";
export { checkServerSupport, type ServerFeatures } from "./server-support.ts";
export {
  type Suggestion,
  type SuggestionOptions,
  suggestionBreadths,
  suggestToken,
} from "./suggest-token.ts";
export type {
  AppResource,
  DatabaseResource,
  KubeAccess,
  KubeClusterResource,
  LeafNode,
  RemoteClusterResource,
  TargetResource,
  WorkloadCondition,
  WorkloadIdentityResource,
} from "./targets.ts";
export { decodeResourceText } from "./text-encoding.ts";
export { type TokenDocument, tokenDocument } from "./token-document.ts";
export { type JsonSchema, tokenSchema } from "./token-schema.ts";
export { writeYaml } from "./write-yaml.ts";
