import { Secret } from "@bot-join/core";
import { isSeq, type Node } from "yaml";
import type {
  PlannedIdentityOutput,
  PlannedKubernetesSelector,
  PlannedOutput,
  PlannedWorkloadSelector,
} from "../plan.ts";
import { refusedOutputs } from "../refused-outputs.ts";
import { readDestination } from "./destination.ts";
import { type Section, sectionsOf } from "./section.ts";
import type { YamlDocument } from "./yaml-document.ts";

/** What an output takes from its surroundings. */
export interface OutputContext {
  /** Fills what the output leaves out. */
  defaults: PlannedIdentityOutput;
  /** Whether the first output may leave its destination out. */
  firstHasDefault: boolean;
  absolute: (path: string) => string;
  /** Where the passwords of `pkcs12` come from. */
  environment: Readonly<Record<string, string | undefined>>;
}

type OutputBase = Pick<PlannedOutput, "destination" | "roles" | "credentialTtlMs" | "name" | "pkcs12">;

type Reader = (section: Section, base: OutputBase, defaults: PlannedIdentityOutput) => PlannedOutput;

const defaultContextName = "{{.ClusterName}}-{{.KubeName}}";

const notOfOutput = {
  relay_server: "bot-join reaches clusters through the proxy only",
  delegation_session_id: "it belongs to sessions of a person, which a job has not",
};

const noRoles = { roles: "certificates of this type have all roles of the bot" };

/** Output type → what reads it (outputs.md section 1.2). */
const readers: Readonly<Record<PlannedOutput["type"], Reader>> = {
  identity: (section, base, defaults) => ({
    ...base,
    type: "identity",
    cluster: section.text("cluster"),
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
    contextNameTemplate: section.text("context_name_template") ?? defaultContextName,
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
      contextNameTemplate: section.text("context_name_template") ?? defaultContextName,
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
    format: section.choice("format", ["", "tls", "mongo", "cockroach"]) ?? "",
  }),
  "workload-identity-x509": (section, base) => {
    section.refuse(noRoles);
    return {
      ...base,
      type: "workload-identity-x509",
      selector: readWorkloadSelector(section),
      includeFederatedTrustBundles: section.boolean("include_federated_trust_bundles") ?? false,
    };
  },
  "workload-identity-jwt": (section, base) => {
    section.refuse(noRoles);
    const audiences = section.texts("audiences") ?? [];
    if (audiences.length === 0) section.problem("audiences", "at least one audience must be provided");
    return { ...base, type: "workload-identity-jwt", selector: readWorkloadSelector(section), audiences };
  },
};

/** The output types that there are. */
const outputTypes: readonly string[] = Object.keys(readers);

/** Exactly one of the two keys picks something. */
function checkSelector(section: Section): void {
  if (section.has("name") && section.has("labels"))
    section.problem("labels", "selectors: only one of 'name' and 'labels' may be specified");
  if (!section.has("name") && !section.has("labels"))
    section.problem(undefined, "selectors: one of 'name' and 'labels' must be specified");
}

function readKubernetesSelector(section: Section): PlannedKubernetesSelector {
  checkSelector(section);
  const name = section.text("name");
  const labels = section.textMap("labels");
  const defaultNamespace = section.text("default_namespace");
  section.finish();
  return {
    ...(name === undefined ? { labels: labels ?? {} } : { name }),
    ...(defaultNamespace === undefined ? {} : { defaultNamespace }),
  };
}

function readWorkloadSelector(output: Section): PlannedWorkloadSelector {
  const section = output.section("selector");
  if (section === undefined) {
    output.problem(undefined, "selector is missing: it has a name or labels");
    return { name: "" };
  }
  checkSelector(section);
  const name = section.text("name");
  const labels: Record<string, string[]> = {};
  const map = section.section("labels");
  for (const [label] of map?.takeAll() ?? []) labels[label] = map?.texts(label) ?? [];
  section.finish();
  return name === undefined ? { labels } : { name };
}

/** Reads a list of outputs; what is wrong is noted in the document. */
export function readOutputs(document: YamlDocument, list: Node, context: OutputContext): PlannedOutput[] {
  if (!isSeq(list) || list.items.length === 0) {
    document.problem(list, "a list of outputs is wanted: - type: identity …");
    return [];
  }
  return sectionsOf(document, list.items, "an output").flatMap((section, index) => {
    const output = readOutput(document, section, index, context);
    return output === undefined ? [] : [output];
  });
}

function readOutput(
  document: YamlDocument,
  section: Section,
  index: number,
  context: OutputContext,
): PlannedOutput | undefined {
  const type = section.requiredText("type", `type is missing: it is one of ${outputTypes.join(", ")}`);
  const refused = refusedOutputs[type];
  if (refused !== undefined) section.problem("type", `outputs of type ${type} are not possible: ${refused}`);
  else if (type !== "") section.choice("type", outputTypes);
  const read = readers[type as PlannedOutput["type"]];
  if (read === undefined) return undefined;
  const output = read(section, readBase(document, section, index, context), context.defaults);
  section.refuse(notOfOutput);
  section.finish();
  return output;
}

function readBase(
  document: YamlDocument,
  section: Section,
  index: number,
  context: OutputContext,
): OutputBase {
  const { defaults, firstHasDefault, absolute } = context;
  const node = destinationNode(document, section);
  if (node === undefined && !(firstHasDefault && index === 0))
    section.problem(undefined, "no destination configured for output");
  const destination = node === undefined ? undefined : readDestination(document, node, absolute);
  const ttl = section.duration("credential_ttl");
  const interval = section.duration("renewal_interval");
  if ((ttl === undefined) !== (interval === undefined))
    section.problem(undefined, "credential_ttl and renewal_interval must both be specified if either is");
  if (ttl !== undefined && interval !== undefined && interval.ms >= ttl.ms)
    section.problem("renewal_interval", `renewal_interval must be below credential_ttl, ${ttl.text}`);
  return {
    destination: destination ?? defaults.destination,
    roles: section.texts("roles") ?? defaults.roles,
    credentialTtlMs: ttl?.ms,
    name: section.text("name"),
    pkcs12: readPkcs12(section, context),
  };
}

/** The key may be misplaced or of any kind, which `readDestination` says. */
function destinationNode(document: YamlDocument, section: Section): Node | undefined {
  return section.has("destination") ? document.entries(section.node).get("destination")?.value : undefined;
}

/** Ours, and not tbot's: the name of the variable that holds the password, which is never written into a file of a repository. */
function readPkcs12(section: Section, { environment }: OutputContext): { password: Secret } | undefined {
  const pkcs12 = section.section("pkcs12");
  if (pkcs12 === undefined) return undefined;
  const variable = pkcs12.requiredText("password_env", "pkcs12 needs password_env, the name of a variable");
  pkcs12.refuse({
    password: "it would be in the repository; name a variable that holds it with password_env",
  });
  pkcs12.finish();
  const password = environment[variable] ?? "";
  if (variable !== "" && password === "")
    pkcs12.problem(
      "password_env",
      `the variable ${variable}, which holds the password of pkcs12, is not set`,
    );
  return { password: new Secret(password) };
}

/** Reports outputs that would write into the same folder, and names that are not unique. */
export function checkOutputs(document: YamlDocument, outputs: readonly PlannedOutput[]): void {
  const folders = new Set<string>();
  const names = new Set<string>();
  for (const { destination, name } of outputs) {
    const path = destination.kind === "directory" ? destination.path : undefined;
    if (path !== undefined && folders.has(path))
      document.problem(document.root, `two outputs have the same destination ${path}`);
    if (name !== undefined && names.has(name))
      document.problem(document.root, `two outputs have the name ${name}`);
    if (path !== undefined) folders.add(path);
    if (name !== undefined) names.add(name);
  }
}
