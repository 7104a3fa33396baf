import { formatGoDuration } from "./go-duration.ts";
import type { BotResource, Resource, RoleConditions, RoleResource, UserResource } from "./model.ts";
import { targetDocument } from "./target-document.ts";
import { bareValues, tokenDocument } from "./token-document.ts";
import { withoutEmpty } from "./without-empty.ts";
import { sortKeys, writeYaml } from "./write-yaml.ts";

/**
 * Writes resources as `tctl get` does: YAML with sorted keys, one document each, or a JSON array indented by four
 * spaces. What the model does not keep of a role (options and conditions that nothing here looks at) is not there.
 * Reading it back with `stored` gives the same resources.
 */
export function renderResource(resource: Resource | readonly Resource[], to: "yaml" | "json"): string {
  const documents = [resource].flat().map((each) => resourceDocument(each as Resource));
  if (to === "json") return `${JSON.stringify(documents, undefined, 4)}\n`;
  return documents.map((document) => writeYaml(sortKeys(document))).join("---\n");
}

/** Turns a resource into its document as a plain value. */
export function resourceDocument(resource: Resource): object {
  switch (resource.kind) {
    case "token":
      return tokenDocument(resource);
    case "role":
      return roleDocument(resource);
    case "bot":
      return botDocument(resource);
    case "user":
      return userDocument(resource);
    default:
      return targetDocument(resource);
  }
}

function roleDocument(role: RoleResource): object {
  const { name, description, labels } = role;
  const ttl =
    role.maxSessionTtlMs === undefined ? {} : { max_session_ttl: formatGoDuration(role.maxSessionTtlMs) };
  return {
    kind: "role",
    version: role.version,
    metadata: withoutEmpty({ name, description, labels }),
    spec: {
      options: {
        ...ttl,
        port_forwarding: role.portForwarding,
        forward_agent: role.forwardAgent,
        permit_x11_forwarding: role.permitX11Forwarding,
      },
      allow: conditionsDocument(role.allow),
      deny: conditionsDocument(role.deny),
    },
  };
}

function conditionsDocument(conditions: RoleConditions): object {
  const { impersonateUsers: users, impersonateRoles: roles, impersonateWhere: where } = conditions;
  return withoutEmpty({
    logins: conditions.logins,
    impersonate: withoutEmpty({ users, roles, where }),
    node_labels: bareValues(conditions.nodeLabels),
    app_labels: bareValues(conditions.appLabels),
    cluster_labels: bareValues(conditions.clusterLabels),
    kubernetes_labels: bareValues(conditions.kubernetesLabels),
    db_labels: bareValues(conditions.dbLabels),
    workload_identity_labels: bareValues(conditions.workloadIdentityLabels),
    kubernetes_groups: conditions.kubeGroups,
    kubernetes_users: conditions.kubeUsers,
    db_names: conditions.dbNames,
    db_users: conditions.dbUsers,
    aws_role_arns: conditions.awsRoleArns,
    azure_identities: conditions.azureIdentities,
    gcp_service_accounts: conditions.gcpServiceAccounts,
    rules: conditions.rules,
  });
}

function botDocument({ name, roles, traits, maxSessionTtlMs }: BotResource): object {
  const ttl = maxSessionTtlMs === undefined ? undefined : formatGoDuration(maxSessionTtlMs);
  const listed = Object.entries(traits).map(([trait, values]) => ({ name: trait, values }));
  return {
    kind: "bot",
    version: "v1",
    metadata: { name },
    spec: withoutEmpty({ roles, traits: listed, max_session_ttl: ttl }),
  };
}

function userDocument({ name, labels, roles, traits }: UserResource): object {
  return {
    kind: "user",
    version: "v2",
    metadata: withoutEmpty({ name, labels }),
    spec: withoutEmpty({ roles, traits }),
  };
}
