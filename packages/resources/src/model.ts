import type { AwsRule } from "./join-methods/aws-rules.ts";
import type { MethodBlocks } from "./join-methods/blocks.ts";
import type { TargetResource } from "./targets.ts";

/** Names to lists of values, as a user's traits and a role's label conditions. */
export type ValueLists = Record<string, string[]>;

/** A provision token, `kind: token` (provision-token.md section 1). */
export interface TokenResource extends MethodBlocks {
  kind: "token";
  version: "v2";
  /** For join method `token` this is the secret itself: print `safeTokenName` instead. */
  name: string;
  description?: string;
  labels?: Record<string, string>;
  /** Absent: never. */
  expires?: Date;
  /** System roles in their normal spelling, as `Bot`. */
  roles: string[];
  botName?: string;
  joinMethod: string;
  /** The rules of `ec2` and `iam`; the other methods have theirs in their blocks. */
  allow?: AwsRule[];
  /** For `ec2`: milliseconds that an instance identity document may be old. */
  awsIidTtlMs?: number;
  suggestedLabels?: ValueLists;
  suggestedAgentMatcherLabels?: ValueLists;
  /** What the server keeps; never taken from a user's document. */
  status?: TokenStatus;
}

/** What a server keeps with a token (provision-token.md section 4.16), by the document's own keys. */
export interface TokenStatus {
  bound_keypair: BoundKeypairStatus;
}

/** What is bound to a token of method `bound_keypair`. Times are RFC 3339. */
export interface BoundKeypairStatus {
  registration_secret?: string;
  bound_public_key?: string;
  bound_bot_instance_id?: string;
  recovery_count?: number;
  last_recovered_at?: string;
  last_rotated_at?: string;
}

/** One side, allow or deny, of a role. */
export interface RoleConditions {
  /** As written, variables such as `{{internal.logins}}` unresolved. */
  logins: string[];
  impersonateRoles: string[];
  impersonateUsers: string[];
  /** A predicate over the impersonation; empty for none. It is kept, not evaluated. */
  impersonateWhere: string;
  nodeLabels: ValueLists;
  appLabels: ValueLists;
  clusterLabels: ValueLists;
  kubernetesLabels: ValueLists;
  dbLabels: ValueLists;
  workloadIdentityLabels: ValueLists;
  kubeGroups: string[];
  kubeUsers: string[];
  dbNames: string[];
  dbUsers: string[];
  awsRoleArns: string[];
  azureIdentities: string[];
  gcpServiceAccounts: string[];
  rules: { resources: string[]; verbs: string[] }[];
}

/** A role, `kind: role` (user-certs.md section 2.3). */
export interface RoleResource {
  kind: "role";
  version: string;
  name: string;
  description?: string;
  labels: Record<string, string>;
  /** Milliseconds. The parser fills in the server's default, 30 h. */
  maxSessionTtlMs?: number;
  portForwarding: boolean;
  forwardAgent: boolean;
  permitX11Forwarding: boolean;
  allow: RoleConditions;
  deny: RoleConditions;
}

/** A bot, `kind: bot`: a view over the user and role that `botUser` and `botRole` make (join.md section 13). */
export interface BotResource {
  kind: "bot";
  version: "v1";
  name: string;
  /** The roles that the bot may impersonate. */
  roles: string[];
  traits: ValueLists;
  /** Milliseconds. Absent: 12 h. */
  maxSessionTtlMs?: number;
}

/** A user, `kind: user`. */
export interface UserResource {
  kind: "user";
  version: "v2";
  name: string;
  labels: Record<string, string>;
  roles: string[];
  traits: ValueLists;
}

/** Every resource that a document may hold. */
export type Resource = TokenResource | RoleResource | BotResource | UserResource | TargetResource;
