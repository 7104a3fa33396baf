import type { RoleConditions } from "./model.ts";

/** The `max_session_ttl` of a role that states none: 30 h (user-certs.md section 4). */
export const defaultMaxSessionTtlMs: number = 30 * 3_600_000;

/** Makes one side of a role that says nothing but what is given. */
export function roleConditions(given: Partial<RoleConditions> = {}): RoleConditions {
  return {
    logins: [],
    impersonateRoles: [],
    impersonateUsers: [],
    impersonateWhere: "",
    nodeLabels: {},
    appLabels: {},
    clusterLabels: {},
    kubernetesLabels: {},
    dbLabels: {},
    workloadIdentityLabels: {},
    kubeGroups: [],
    kubeUsers: [],
    dbNames: [],
    dbUsers: [],
    awsRoleArns: [],
    azureIdentities: [],
    gcpServiceAccounts: [],
    rules: [],
    ...given,
  };
}
