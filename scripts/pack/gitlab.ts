import { type InputDefinition, inputTable } from "@bot-join/runner";
import { stringify } from "yaml";
import type { PackContext, PackedFiles } from "./context.ts";
import { embed } from "./embed.ts";

/** An entry of `spec: inputs`. */
interface ComponentInput {
  description: string;
  type: "string" | "number" | "boolean";
  default?: string | number | boolean;
  options?: readonly string[];
  regex?: string;
}

/** Inputs that a component has no use for: id_tokens and the shell say the same. */
const leftOut = new Set(["join-method", "id-token", "id-token-file", "id-token-command", "export-env"]);

/** What GitLab has its own words for, or asks more of. */
const refined: Readonly<Record<string, Partial<ComponentInput>>> = {
  audience: {
    description:
      "Name of the cluster, without https:// and without a port. The ID token is made for it, and for nobody else.",
  },
  id: { regex: "^[A-Za-z0-9][A-Za-z0-9_]{0,63}$" },
  outputs: {
    description:
      "What to write, as the YAML list that tbot has under outputs, on one line: [{type: identity, destination: {type: directory, path: id}}]. A list of several lines goes into the job's variable BOT_JOIN_OUTPUTS.",
  },
  "id-token-variable": {
    description:
      "Name of the variable that holds the ID token. A job that joins two clusters needs another one for the second.",
    default: "TBOT_GITLAB_JWT",
    regex: "^[A-Za-z_][A-Za-z0-9_]*$",
  },
};

/** Inputs of the component alone. */
const ownInputs: Readonly<Record<string, ComponentInput>> = {
  "download-url": {
    description:
      "Where the program is downloaded from, for runners without open internet. Empty: the release itself.",
    type: "string",
    default: "",
  },
  "job-prefix": {
    description:
      "Put between the dot and the name of the hidden jobs, for a second include: db- makes .db-bot-join.",
    type: "string",
    // No regex: to GitLab no pattern matches an empty text, not even a default.
    default: "",
  },
};

/** The inputs of bot-join that the component has. */
function takenInputs(): InputDefinition[] {
  return inputTable.filter(
    ({ name, gitHubOnly, shellOnly }) => !leftOut.has(name) && gitHubOnly !== true && shellOnly !== true,
  );
}

function typeOf({ kind }: InputDefinition): ComponentInput["type"] {
  if (kind === "boolean") return "boolean";
  return kind === "integer" ? "number" : "string";
}

function componentInput(input: InputDefinition): ComponentInput {
  const { name, help, default: text = "", required, choices } = input;
  const type = typeOf(input);
  const value = type === "string" ? text : (JSON.parse(text) as number | boolean);
  return {
    description: help,
    type,
    // A token must be made for one cluster, whose name nothing else here says.
    ...(required === true || name === "audience" ? {} : { default: value }),
    ...(choices === undefined ? {} : { options: choices }),
    ...refined[name],
  };
}

/** The part of a variable's name that stands for an input. */
function variablePart(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}

function inputTableText(spec: Readonly<Record<string, ComponentInput>>): string {
  const cell = (text: string): string => text.replaceAll("<", "&lt;").replaceAll("|", "\\|");
  const rows = Object.entries(spec).map(([name, { type, description, default: value }]) => {
    const shown = value === undefined ? "required" : value === "" ? "none" : `\`${value}\``;
    return `| \`${name}\` | ${type} | ${shown} | ${cell(description)} |`;
  });
  return ["| input | type | default | meaning |", "|---|---|---|---|", ...rows].join("\n");
}

/** Packs the component's repository. GitLab delivers only the template; the rest is for its catalogue and its tests. */
export async function packGitlab({ read, shellCore, version }: PackContext): Promise<PackedFiles> {
  const taken = takenInputs();
  const spec: Record<string, ComponentInput> = Object.fromEntries([
    ...taken.map((input) => [input.name, componentInput(input)]),
    ...Object.entries(ownInputs),
  ]);
  const texts = [
    ...taken.filter((input) => typeOf(input) === "string").map(({ name }) => name),
    "download-url",
  ];
  const switches = taken.filter((input) => typeOf(input) !== "string" && input.name !== "cleanup");
  // GitLab pastes an input as text before it reads the YAML: in a block, quotes and backslashes are what they are.
  const variables = texts.map(
    (name) => `"BOT_JOIN_GITLAB_$[[ inputs.id ]]_${variablePart(name)}": |-\n  $[[ inputs.${name} ]]`,
  );
  const shell = [shellCore, read("actions/gitlab/inputs.sh")]
    .map((text) => text.replace("@BOT_JOIN_NAMES@", texts.map(variablePart).join(" ")))
    .join("\n");
  // GitLab would take it for an input of the component.
  if (shell.includes("$[[")) throw new Error("the shell of the GitLab component has $[[ in it");
  const parts: Readonly<Record<string, string>> = {
    "@BOT_JOIN_INPUTS@": stringify(spec, { lineWidth: 0 }),
    "@BOT_JOIN_VARIABLES@": variables.join("\n"),
    "@BOT_JOIN_SHELL@": shell,
  };
  const template = Object.entries(parts)
    .reduce((text, [marker, part]) => embed(text, marker, part), read("actions/gitlab/templates/join.yml"))
    .replaceAll("@BOT_JOIN_VERSION@", version)
    .replace(
      "@BOT_JOIN_SWITCHES@",
      switches.map(({ name }) => `${variablePart(name)}=$[[ inputs.${name} ]]`).join(" "),
    );
  return new Map([
    ["templates/join.yml", template],
    [
      "README.md",
      embed(read("actions/gitlab/README.md"), "@BOT_JOIN_INPUT_TABLE@", inputTableText(spec)).replaceAll(
        "@BOT_JOIN_VERSION@",
        version,
      ),
    ],
    [".gitlab-ci.yml", read("actions/gitlab/.gitlab-ci.yml")],
    ["LICENSE.md", read("LICENSE")],
  ]);
}
