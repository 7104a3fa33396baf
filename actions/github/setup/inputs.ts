import { SetupError } from "./errors.ts";
import { type Edition, parseBaseUrl, parseEdition, parseTools, type Tool } from "./parse-inputs.ts";
import { parseVersion } from "./version.ts";

/** Every input of the action, in the order of action.yml. */
export const inputNames = [
  "tools",
  "version",
  "proxy",
  "edition",
  "base-url",
  "ca-file",
  "enterprise",
] as const;

/** What the action is asked for, with every default filled in. */
export interface SetupInputs {
  /** Beside `bot-join` itself. */
  tools: readonly Tool[];
  /** `auto` is the cluster's own. */
  version: string;
  /** Address of the cluster's proxy; undefined where none was given. */
  proxy: string | undefined;
  edition: Edition;
  /** Where archives lie, without a slash at the end. */
  baseUrl: string;
  /** PEM file with the authorities that the proxy's certificate is checked against; undefined is the system's trust. */
  caFile: string | undefined;
}

/** Reads the inputs of a step as GitHub hands them over. Throws `ERR_SETUP_INPUT`, and `ERR_SETUP_VERSION` for a version. */
export function readInputs(environment: Readonly<Record<string, string | undefined>>): SetupInputs {
  const given = (name: (typeof inputNames)[number]): string | undefined =>
    environment[`INPUT_${name.toUpperCase()}`]?.trim() || undefined;
  const version = given("version");
  // Whoever names a version, as teleport-actions/setup has it, wants all tools of that version.
  const tools = parseTools(given("tools") ?? (version === undefined ? "" : "tsh, tctl, tbot"));
  const proxy = given("proxy");
  const wanted = version === undefined || version === "auto" ? "auto" : parseVersion(version);
  if (tools.length > 0 && wanted === "auto" && proxy === undefined) {
    throw new SetupError({
      code: "ERR_SETUP_INPUT",
      kind: "user",
      message: `The version of ${tools.join(", ")} is to be the cluster's own, and no cluster was named.`,
      hint: "Give the input proxy with the address of your cluster, or the input version with an exact version such as 18.4.1.",
    });
  }
  return {
    tools,
    version: wanted,
    proxy,
    edition: parseEdition(given("edition"), given("enterprise")),
    baseUrl: parseBaseUrl(given("base-url") ?? "https://cdn.teleport.dev"),
    caFile: given("ca-file"),
  };
}
