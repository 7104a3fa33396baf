import { describeError } from "@bot-join/core";
import { expandContextName } from "@bot-join/outputs/renderers";
import type {
  PlannedIdentityOutput,
  PlannedKubernetesSelector,
  PlannedOutput,
  PlannedWorkloadSelector,
} from "../plan.ts";
import type { Section } from "./section.ts";

/** What every output has. */
export type OutputBase = Pick<PlannedOutput, "destination" | "roles" | "credentialTtlMs" | "name" | "pkcs12">;

type Reader = (section: Section, base: OutputBase, defaults: PlannedIdentityOutput) => PlannedOutput;

const defaultContextName = "{{.ClusterName}}-{{.KubeName}}";

const noRoles = { roles: "certificates of this type have all roles of the bot" };

/** Output type → what reads the keys that it alone has (outputs.md section 1.2). */
export const outputReaders: Readonly<Record<PlannedOutput["type"], Reader>> = {
  identity: (section, base, defaults) => ({
    ...base,
    type: "identity",
    cluster: section.optionalText("cluster"),
    allowReissue: section.boolean("allow_reissue") ?? defaults.allowReissue,
    sshConfig: ["on", "true"].includes(section.choice("ssh_config", ["on", "off", "true", "false"]) ?? "on"),
  }),
  ssh_host: (section, base) => {
    const principals = section.texts("principals") ?? [];
    if (principals.length === 0) section.problem("principals", "at least one principal must be specified");
    return { ...base, type: "ssh_host", principals };
  },
  kubernetes: (section, base) => ({
    ...base,
    type: "kubernetes",
    kubernetesCluster: section.requiredText("kubernetes_cluster", "kubernetes_cluster must not be empty"),
    disableExecPlugin: section.boolean("disable_exec_plugin") ?? false,
    contextNameTemplate: readContextName(section),
  }),
  "kubernetes/v2": (section, base) => {
    section.refuse(noRoles);
    const selectors = section.sections("selectors").map(readKubernetesSelector);
    if (selectors.length === 0) section.problem("selectors", "at least one selector must be provided");
    return {
      ...base,
      type: "kubernetes/v2",
      selectors,
      disableExecPlugin: section.boolean("disable_exec_plugin") ?? false,
      contextNameTemplate: readContextName(section),
    };
  },
  application: (section, base) => ({
    ...base,
    type: "application",
    appName: section.requiredText("app_name", "app_name must not be empty"),
    specificTlsNaming: section.boolean("specific_tls_naming") ?? false,
  }),
  database: (section, base) => ({
    ...base,
    type: "database",
    service: section.requiredText("service", "service must not be empty"),
    database: section.text("database") ?? "",
    username: section.text("username") ?? "",
    format: section.choice("format", ["tls", "mongo", "cockroach"]) ?? "",
  }),
  "workload-identity-x509": (section, base) => {
    section.refuse(noRoles);
    if (section.boolean("include_federated_trust_bundles"))
      section.problem(
        "include_federated_trust_bundles",
        "include_federated_trust_bundles cannot be true: bot-join has no way to ask for the bundles of other trust domains",
      );
    return {
      ...base,
      type: "workload-identity-x509",
      selector: readWorkloadSelector(section),
    };
  },
  "workload-identity-jwt": (section, base) => {
    section.refuse(noRoles);
    const audiences = section.texts("audiences") ?? [];
    if (audiences.length === 0) section.problem("audiences", "at least one audience must be provided");
    return { ...base, type: "workload-identity-jwt", selector: readWorkloadSelector(section), audiences };
  },
};

/** Only tbot's own two actions; said here, since it would show only when the cluster has issued everything. */
function readContextName(section: Section): string {
  const template = section.optionalText("context_name_template") ?? defaultContextName;
  try {
    expandContextName(template, { clusterName: "cluster", kubeName: "kube" });
  } catch (error) {
    section.problem("context_name_template", describeError(error).replace(/\.$/, ""));
  }
  return template;
}

/** Exactly one of the two picks something; an empty one is none. */
function checkSelector(section: Section, name: string | undefined, labels: object): void {
  const hasLabels = Object.keys(labels).length > 0;
  if (name !== undefined && hasLabels)
    section.problem("labels", "selectors: only one of 'name' and 'labels' may be specified");
  if (name === undefined && !hasLabels)
    section.problem(undefined, "selectors: one of 'name' and 'labels' must be specified");
}

function readKubernetesSelector(section: Section): PlannedKubernetesSelector {
  const name = section.optionalText("name");
  const labels = section.textMap("labels") ?? {};
  const defaultNamespace = section.optionalText("default_namespace");
  checkSelector(section, name, labels);
  section.finish();
  return {
    ...(name === undefined ? { labels } : { name }),
    ...(defaultNamespace === undefined ? {} : { defaultNamespace }),
  };
}

function readWorkloadSelector(output: Section): PlannedWorkloadSelector {
  const section = output.section("selector");
  if (section === undefined) {
    output.problem(undefined, "selector is missing: it has a name or labels");
    return { name: "" };
  }
  const name = section.optionalText("name");
  const labels: Record<string, string[]> = {};
  const map = section.section("labels");
  for (const [label] of map?.takeAll() ?? []) labels[label] = map?.texts(label) ?? [];
  checkSelector(section, name, labels);
  section.finish();
  return name === undefined ? { labels } : { name };
}
