import { nearestSpelling } from "@bot-join/core";

/** How the text of an input is read; `secret` is a string that no message shows. */
export type InputKind =
  | "string"
  | "secret"
  | "boolean"
  | "integer"
  | "duration"
  | "list"
  | "choice"
  | "proxy-address"
  | "identity-id"
  | "ca-pins";

/** One input: the same word in `action.yml`, as a flag of the command line and, as `BOT_JOIN_<NAME>`, in the environment. */
export interface InputDefinition {
  /** Kebab-case. */
  name: string;
  kind: InputKind;
  /** What it does, in one or two sentences, for `action.yml`, `--help` and the docs. */
  help: string;
  /** The value when nothing is given, as a user would write it; absent when there is none. */
  default?: string;
  /** Where the value comes from when nothing is given and no text can say it, for the docs. */
  fallback?: string;
  required?: true;
  /** Input that makes this one dispensable, although it is required. */
  requiredUnless?: string;
  /** Further names that mean the same. */
  aliases?: readonly string[];
  /** The values of a `choice`. */
  choices?: readonly string[];
  /** The inclusive bounds of an `integer`. */
  range?: readonly [number, number];
  /** Variables of other programs that are read outside of GitHub, where an earlier join cannot have set them. */
  shellVariables?: readonly string[];
  /** Only there so that workflows written for teleport-actions/auth go on working. */
  gitHubOnly?: true;
  /** Only for the command line: on GitHub it is no input. */
  shellOnly?: true;
}

/** Every input (architecture.md section 6, then the names of teleport-actions/auth of outputs.md section 12.2). */
export const inputTable: readonly InputDefinition[] = [
  {
    name: "proxy",
    kind: "proxy-address",
    required: true,
    shellVariables: ["TELEPORT_PROXY", "TELEPORT_AUTH_SERVER"],
    help: "Address of the cluster's proxy, host:port. Without a port, 443 is taken.",
  },
  {
    name: "token",
    kind: "secret",
    required: true,
    requiredUnless: "data-dir",
    shellVariables: ["TELEPORT_BOT_TOKEN"],
    help: "Name of the join token (a resource of kind token) that lets this job in.",
  },
  {
    name: "join-method",
    kind: "choice",
    choices: [
      "github",
      "gitlab",
      "circleci",
      "bitbucket",
      "spacelift",
      "env0",
      "azure_devops",
      "terraform_cloud",
      "kubernetes",
      "gcp",
      "token",
    ],
    fallback: "from the platform",
    help: "Join method of the token.",
  },
  {
    name: "outputs",
    kind: "string",
    fallback: "one identity output",
    help: "What to write, as the YAML list that tbot has under outputs; docs/outputs.md has every type.",
  },
  {
    name: "config",
    kind: "string",
    shellVariables: ["TBOT_CONFIG_PATH"],
    help: "Path of a tbot.yaml (version v2). Other inputs win over its values, outputs and directory over its outputs.",
  },
  {
    name: "config-string",
    kind: "secret",
    shellOnly: true,
    shellVariables: ["TBOT_CONFIG"],
    help: "The text of such a tbot.yaml, in base64.",
  },
  {
    name: "directory",
    kind: "string",
    fallback: "a fresh folder in the platform's temporary directory",
    help: "Folder that the files are written to.",
  },
  {
    name: "data-dir",
    kind: "string",
    shellOnly: true,
    fallback: "memory://, nothing is kept",
    help: "Folder where a bot that joins with a secret token keeps its own identity; the next run renews it, and needs no token.",
  },
  {
    name: "id",
    kind: "identity-id",
    default: "default",
    help: "Name of this identity, for jobs that join more than once. With another than the default the exported variables are BOT_JOIN_<ID>_IDENTITY_FILE, _PROXY, _SSH_CONFIG and _KUBECONFIG.",
  },
  {
    name: "certificate-ttl",
    kind: "duration",
    default: "1h",
    help: "Lifetime to ask for, such as 30m or 1h30m. The cluster may shorten it.",
  },
  {
    name: "roles",
    kind: "list",
    fallback: "all that the bot may impersonate",
    help: "Roles of the identity, comma-separated. Naming them saves a round trip.",
  },
  {
    name: "audience",
    kind: "string",
    fallback: "what the join method requires",
    help: "Audience of the ID token.",
  },
  {
    name: "id-token",
    kind: "secret",
    fallback: "from the platform",
    help: "The ID token itself, for a platform that bot-join does not know.",
  },
  {
    name: "id-token-file",
    kind: "string",
    help: "Path of a file that holds the ID token.",
  },
  {
    name: "id-token-command",
    kind: "string",
    help: "Program, with arguments, that prints the ID token. It is run without a shell, for 30 s at most.",
  },
  {
    name: "id-token-variable",
    kind: "list",
    fallback: "the platform's own, TBOT_GITLAB_JWT on GitLab",
    help: "Name of the environment variable that holds the ID token. Of several, comma-separated, the first for the audience is taken.",
  },
  {
    name: "export-env",
    kind: "boolean",
    default: "true",
    help: "Set variables such as TELEPORT_IDENTITY_FILE and TELEPORT_SSH_CONFIG for later steps.",
  },
  {
    name: "export-file",
    kind: "string",
    shellOnly: true,
    fallback: "$BASH_ENV on CircleCI, $ENV0_ENV on env0, none elsewhere",
    help: "File that the exported variables are appended to, for later steps.",
  },
  {
    name: "export-format",
    kind: "choice",
    choices: ["sh", "dotenv"],
    shellOnly: true,
    fallback: "sh, dotenv on env0",
    help: "Form of the lines in export-file: sh writes export NAME='value', dotenv NAME=value.",
  },
  {
    name: "expect-cluster",
    kind: "string",
    help: "Name that the cluster must have; otherwise nothing is exported.",
  },
  {
    name: "expect-bot",
    kind: "string",
    help: "Name that the bot must have; otherwise nothing is exported.",
  },
  {
    name: "expect-roles",
    kind: "list",
    help: "Roles that the identity must have, these and no others, comma-separated; otherwise nothing is exported.",
  },
  {
    name: "ca-file",
    kind: "string",
    fallback: "the system's trust",
    help: "PEM file with the certificate authorities that the proxy's certificate is checked against.",
  },
  {
    name: "ca-pin",
    kind: "ca-pins",
    aliases: ["ca-pins"],
    help: "Pins of the cluster's certificate authority, sha256:<64 hex digits>, one per line or comma-separated.",
  },
  {
    name: "insecure",
    kind: "boolean",
    default: "false",
    help: "Do not check the proxy's certificate. For tests only: whoever answers gets the ID token.",
  },
  {
    name: "timeout",
    kind: "duration",
    default: "60s",
    help: "Time for the whole join.",
  },
  {
    name: "retries",
    kind: "integer",
    default: "5",
    range: [1, 20],
    help: "How often a request is tried, the first time included, when it fails for a reason that may pass.",
  },
  {
    name: "cleanup",
    kind: "boolean",
    default: "true",
    help: "Remove the files and restore the variables at the end of the job.",
  },
  {
    name: "state-dir",
    kind: "string",
    shellOnly: true,
    fallback: "a private folder of the job in the platform's temporary directory",
    help: "Folder in which bot-join cleanup finds what the joins of this job have to take back.",
  },
  {
    name: "fips",
    kind: "boolean",
    default: "false",
    help: "Use RSA-2048 keys, as clusters in FIPS mode require.",
  },
  {
    name: "debug",
    kind: "boolean",
    default: "false",
    shellVariables: ["TBOT_DEBUG"],
    help: "Say more in the log.",
  },
  {
    name: "allow-reissue",
    kind: "boolean",
    default: "false",
    help: "Let the certificates be used to request further certificates.",
  },
  {
    name: "disable-env-vars",
    // Not a boolean: teleport-actions/auth takes every other text for false.
    kind: "string",
    gitHubOnly: true,
    help: "The opposite of export-env, as teleport-actions/auth calls it: true or 1 means that no variables are set.",
  },
  {
    name: "anonymous-telemetry",
    kind: "string",
    gitHubOnly: true,
    help: "Accepted for workflows of teleport-actions/auth, without effect: bot-join sends no telemetry.",
  },
];

/** Inputs that cannot be used together: of each group at most one may be given (a boolean: be true). */
interface ExclusiveInputs {
  names: readonly string[];
  why: string;
  /** They are several ways to say one thing, so that one of them stands above each that comes from further below. */
  sayOneThing?: true;
}

/** The groups of inputs that exclude each other. */
export const exclusiveInputs: readonly ExclusiveInputs[] = [
  {
    names: ["id-token", "id-token-file", "id-token-command", "id-token-variable"],
    why: "each names another source of the ID token",
    sayOneThing: true,
  },
  { names: ["config", "config-string"], why: "each gives a tbot.yaml", sayOneThing: true },
  { names: ["insecure", "ca-file"], why: "insecure switches off the check that ca-file is for" },
  { names: ["insecure", "ca-pin"], why: "insecure switches off the check that ca-pin is for" },
  {
    names: ["export-env", "disable-env-vars"],
    why: "they say the opposite of each other",
    sayOneThing: true,
  },
];

/** Finds an input by its name or an alias. */
export function findInput(name: string): InputDefinition | undefined {
  return inputTable.find((row) => row.name === name || row.aliases?.includes(name));
}

/**
 * Finds the input that a misspelt name most likely meant. Names of up to three signs are not guessed at: they are too
 * near to anything.
 */
export function nearestInputName(name: string): string | undefined {
  const candidates = inputTable.flatMap((row) => [row.name, ...(row.aliases ?? [])]);
  return name.length > 3 ? nearestSpelling(name, candidates) : undefined;
}
