import { joinMethods } from "@bot-join/join";
import { isMap } from "yaml";
import type { PlannedIdentityOutput, PlannedOutput } from "../plan.ts";
import { readDestinationSection } from "./destination.ts";
import { maxTtlMs, type OutputContext, readOutputs } from "./outputs.ts";
import { Section } from "./section.ts";
import type { YamlDocument } from "./yaml-document.ts";

/** What a tbot.yaml says, in the words of the inputs. */
export interface TbotConfig {
  /** Values by input name, as a user would write them. */
  inputs: Record<string, string>;
  /**
   * Makes the outputs; `defaults` fills what one leaves out, but for its destination. Throws `ERR_RUN_CONFIG` where there are none:
   * a file may leave them to the inputs or flags that are laid on top.
   */
  outputs: (defaults: PlannedIdentityOutput) => PlannedOutput[];
  /** Sentences for the log, about what has no effect. */
  notices: string[];
}

/** Keys of the top level that a job has no use for, and why (outputs.md section 9.2). */
const withoutEffect: Readonly<Record<string, string>> = {
  diag_addr: "a one-shot join serves nothing",
  pid_file: "a one-shot join ends before anyone could ask for it",
  log_format: "the log is text",
};

const refusedKeys: Readonly<Record<string, string>> = {
  relay_server: "bot-join reaches the cluster through the proxy only",
  scoped: "joins into a scope are not possible",
  join_uri: "give proxy_server, and onboarding with token and join_method",
};

const refusedOnboarding: Readonly<Record<string, string>> = {
  azure: "the join method azure is not one that bot-join can perform",
  bound_keypair: "the join method bound_keypair is not one that bot-join can perform",
  generic_oidc:
    "use join_method with the platform's own name, or the inputs id-token-command and id-token-variable",
};

const unfilled: PlannedIdentityOutput = {
  type: "identity",
  destination: { kind: "memory" },
  roles: [],
  credentialTtlMs: undefined,
  name: undefined,
  pkcs12: undefined,
  cluster: undefined,
  allowReissue: false,
  sshConfig: true,
};

/** Sections of `onboarding` that belong to one join method, with their one setting (outputs.md section 9.3). */
const methodSections: readonly {
  key: string;
  /** Of the join method. */
  name: string;
  setting: string;
  input: string;
  value?: (text: string) => string;
}[] = [
  { key: "gitlab", name: "gitlab", setting: "token_env_var_name", input: "id-token-variable" },
  {
    key: "terraform",
    name: "terraform_cloud",
    setting: "audience_tag",
    input: "id-token-variable",
    value: (tag) => `TFC_WORKLOAD_IDENTITY_TOKEN_${tag.toUpperCase()}`,
  },
  { key: "kubernetes", name: "kubernetes", setting: "token_path", input: "id-token-file" },
];

/** Reads a tbot.yaml of version v2 (outputs.md section 9); what is wrong is noted in the document. */
export function readConfig(
  document: YamlDocument,
  context: Omit<OutputContext, "firstHasDefault" | "defaults">,
): TbotConfig {
  const config: TbotConfig = { inputs: {}, outputs: () => [], notices: [] };
  const { root } = document;
  if (root === undefined || !isMap(root)) {
    document.problem(
      root,
      "a tbot.yaml is a mapping: version: v2, proxy_server: …, onboarding: …, outputs: …",
    );
    return config;
  }
  const section = new Section(document, root);
  if (!checkVersion(section)) return config;
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined) config.inputs[name] = value;
  };
  readAddress(section, set);
  readOnboarding(section.section("onboarding"), set, config.notices);
  readStorage(section, context, set, config.notices);
  readLifetime(section, set, config.notices);
  for (const name of ["debug", "fips", "insecure"]) set(name, section.boolean(name)?.toString());
  if (section.boolean("oneshot") === false)
    config.notices.push("oneshot: false has no effect: bot-join joins once and ends.");
  for (const [key, why] of Object.entries(withoutEffect)) {
    if (section.has(key)) config.notices.push(`${key} has no effect: ${why}.`);
  }
  section.refuse(refusedKeys);
  config.outputs = (defaults) =>
    readLists(document, section, { ...context, defaults, firstHasDefault: false });
  // Once now, so that what is wrong with them is said with everything else.
  config.outputs(unfilled);
  section.finish();
  return config;
}

function checkVersion(section: Section): boolean {
  const version = section.text("version");
  if (version === "v2") return true;
  section.problem(
    section.has("version") ? "version" : undefined,
    version === undefined || version === "v1"
      ? `version: v2 is read here; this file is of version v1${version === undefined ? ", since it names none" : ""}. \`tbot migrate -c FILE -o FILE\` converts it`
      : `unrecognized config version ${JSON.stringify(version)}: v2 is the one there is`,
  );
  return false;
}

function readAddress(section: Section, set: (name: string, value: string | undefined) => void): void {
  const proxy = section.optionalText("proxy_server");
  const auth = section.optionalText("auth_server");
  if (proxy !== undefined && auth !== undefined)
    section.problem(
      "auth_server",
      "auth_server and proxy_server are both given; bot-join needs the proxy's address only",
    );
  // On 14 tbot has no other key, and takes the proxy's address there.
  set("proxy", proxy ?? auth);
}

function readOnboarding(
  section: Section | undefined,
  set: (name: string, value: string | undefined) => void,
  notices: string[],
): void {
  if (section === undefined) return;
  set("token", section.text("token"));
  const methods = joinMethods.map(({ name }) => name);
  const method = section.choice("join_method", methods);
  set("join-method", method);
  const pins = section.texts("ca_pins")?.join(",") || undefined;
  set("ca-pin", pins);
  const authorities = section.optionalText("ca_path");
  set("ca-file", authorities);
  if (pins !== undefined && authorities !== undefined)
    section.problem("ca_path", "the options ca-pin and ca-path are mutually exclusive");
  for (const { key, name, setting, input, value = (text: string) => text } of methodSections) {
    const settings = section.section(key);
    const text = settings?.text(setting);
    settings?.finish();
    if (text === undefined) continue;
    if (method === name) set(input, value(text));
    else notices.push(`onboarding.${key} has no effect: join_method is not ${name}.`);
  }
  section.refuse(refusedOnboarding);
  section.finish();
}

function readStorage(
  section: Section,
  { absolute }: Pick<OutputContext, "absolute">,
  set: (name: string, value: string | undefined) => void,
  notices: string[],
): void {
  const storage = section.section("storage");
  if (storage === undefined) {
    if (!section.has("storage"))
      notices.push(
        "storage is not given: bot-join keeps nothing then, where tbot has /var/lib/teleport/bot.",
      );
    return;
  }
  const destination = readDestinationSection(storage, absolute);
  set("data-dir", destination?.kind === "directory" ? destination.path : undefined);
}

function readLifetime(
  section: Section,
  set: (name: string, value: string | undefined) => void,
  notices: string[],
): void {
  const old = section.duration("certificate_ttl");
  const ttl = section.duration("credential_ttl");
  const interval = section.duration("renewal_interval");
  if (old !== undefined && ttl !== undefined)
    notices.push(`certificate_ttl has no effect beside credential_ttl, ${ttl.text}.`);
  const chosen = ttl ?? old;
  set("certificate-ttl", chosen?.text);
  if (chosen !== undefined && chosen.ms > maxTtlMs)
    notices.push(`A lifetime of ${chosen.text} is asked for, and no cluster grants more than 24h.`);
  if (interval !== undefined) notices.push("renewal_interval has no effect: a one-shot join renews nothing.");
}

/** Both lists are one, services first (outputs.md section 1.1). */
function readLists(document: YamlDocument, section: Section, context: OutputContext): PlannedOutput[] {
  const entries = document.entries(section.node);
  const lists = ["services", "outputs"].flatMap((key) => {
    const value = section.has(key) ? entries.get(key)?.value : undefined;
    return value === undefined ? [] : [value];
  });
  return readOutputs(document, lists, context);
}
