import { Secret } from "@bot-join/core";
import { isSeq, type Node } from "yaml";
import type { PlannedIdentityOutput, PlannedOutput } from "../plan.ts";
import { refusedOutputs } from "../refused-outputs.ts";
import { readDestination } from "./destination.ts";
import { type OutputBase, outputReaders } from "./output-types.ts";
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

/** The lifetime that no certificate of a bot can exceed, in milliseconds (outputs.md section 9.2). */
export const maxTtlMs: number = 24 * 3600 * 1000;

/** The output types that there are. */
const outputTypes: readonly string[] = Object.keys(outputReaders);

const notOfOutput = {
  relay_server: "bot-join reaches clusters through the proxy only",
  delegation_session_id: "it belongs to sessions of a person, which a job has not",
};

/** An output and where it stands. */
interface ReadOutput {
  output: PlannedOutput;
  section: Section;
}

/** Reads lists of outputs, which are one; what is wrong is noted in the document. */
export function readOutputs(
  document: YamlDocument,
  lists: readonly Node[],
  context: OutputContext,
): PlannedOutput[] {
  const sections = lists.flatMap((list) => {
    if (isSeq(list)) return sectionsOf(document, list.items, "an output");
    document.problem(list, "a list of outputs is wanted: - type: identity …");
    return [];
  });
  const read = sections.flatMap((section, index): ReadOutput[] => {
    const output = readOutput(document, section, index, context);
    return output === undefined ? [] : [{ output, section }];
  });
  checkTogether(read);
  return read.map(({ output }) => output);
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
  const read = outputReaders[type as PlannedOutput["type"]];
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
  if (ttl !== undefined && ttl.ms > maxTtlMs)
    section.problem("credential_ttl", `credential_ttl cannot be above 24h, which no cluster exceeds`);
  return {
    destination: destination ?? defaults.destination,
    roles: section.texts("roles") ?? defaults.roles,
    credentialTtlMs: ttl?.ms,
    name: section.optionalText("name"),
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
function checkTogether(read: readonly ReadOutput[]): void {
  const folders = new Set<string>();
  const names = new Set<string>();
  for (const { output, section } of read) {
    const { destination, name } = output;
    const path = destination.kind === "directory" ? destination.path : undefined;
    if (path !== undefined && folders.has(path))
      section.problem("destination", `two outputs have the same destination ${path}`);
    if (name !== undefined && names.has(name)) section.problem("name", `two outputs have the name ${name}`);
    if (path !== undefined) folders.add(path);
    if (name !== undefined) names.add(name);
  }
}
