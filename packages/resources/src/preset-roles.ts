import type { RoleConditions, RoleResource } from "./model.ts";
import { defaultMaxSessionTtlMs, roleConditions } from "./role-defaults.ts";

const everything = { "*": ["*"] };

/** Makes the roles that every new cluster has: `access`, `auditor` and `editor`, as far as bots meet them. */
export function presetRoles(): RoleResource[] {
  return [
    preset("access", "Access cluster resources", {
      logins: ["{{internal.logins}}"],
      nodeLabels: structuredClone(everything),
      appLabels: structuredClone(everything),
      kubernetesLabels: structuredClone(everything),
      dbLabels: structuredClone(everything),
      kubeGroups: ["{{internal.kubernetes_groups}}"],
      kubeUsers: ["{{internal.kubernetes_users}}"],
      dbNames: ["{{internal.db_names}}"],
      dbUsers: ["{{internal.db_users}}"],
      awsRoleArns: ["{{internal.aws_role_arns}}"],
      azureIdentities: ["{{internal.azure_identities}}"],
      gcpServiceAccounts: ["{{internal.gcp_service_accounts}}"],
      rules: [{ resources: ["event"], verbs: ["list", "read"] }],
    }),
    preset("auditor", "Review cluster events and replay sessions", {
      rules: [
        { resources: ["session"], verbs: ["list", "read"] },
        { resources: ["event"], verbs: ["list", "read"] },
      ],
    }),
    preset("editor", "Edit cluster configuration", {
      rules: [
        {
          resources: ["user", "role", "bot", "token", "cluster_auth_preference", "trusted_cluster"],
          verbs: ["list", "create", "read", "update", "delete"],
        },
      ],
    }),
  ];
}

function preset(name: string, description: string, allow: Partial<RoleConditions>): RoleResource {
  return {
    kind: "role",
    version: "v7",
    name,
    description,
    labels: {},
    maxSessionTtlMs: defaultMaxSessionTtlMs,
    portForwarding: true,
    forwardAgent: name === "access",
    permitX11Forwarding: false,
    allow: roleConditions(allow),
    deny: roleConditions(),
  };
}
