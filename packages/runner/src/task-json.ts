import { describeInput } from "./action-yml.ts";
import { azureName } from "./azure-names.ts";
import { exportNames } from "./export-names.ts";
import { type InputDefinition, inputTable } from "./inputs.ts";
import { outputTable } from "./output-table.ts";
import { isTaskInput } from "./raw-inputs.ts";

/** Inputs that a person fills in first; the rest comes in a group that is folded. */
const firstInputs = ["proxy", "token", "id", "certificate-ttl"];

/** The phases of the task by handler: an agent takes the best handler that it knows (platform-plugins.md section 8.1). */
function handlers(target: string): Record<string, { target: string; argumentFormat: string }> {
  return { Node24: { target, argumentFormat: "" }, Node20_1: { target, argumentFormat: "" } };
}

/** The variables that the task may set, and no others: those of every identity and its outputs. */
function settableVariables(): string[] {
  const exported = Object.values(exportNames("default")).filter((name) => name !== undefined);
  const named = Object.values(exportNames("any"))
    .filter((name) => name !== undefined)
    .map((name) => name.replace("_ANY_", "_*_"));
  return [...exported, ...named, ...outputTable.map(({ name }) => azureName(name))];
}

/** Writes the task's `task.json` from the tables; `scripts/generate.ts` puts it into actions/azure-devops. */
export function renderTaskJson(version: string): string {
  const [major, minor, patch] = version.split(".").map(Number);
  const task = {
    $schema: "https://raw.githubusercontent.com/microsoft/azure-pipelines-task-lib/master/tasks.schema.json",
    id: "3e7f4c1a-92d5-4f0e-8b61-5d0c7a94e2b3",
    name: "BotJoin",
    friendlyName: "Join a Teleport cluster",
    description:
      "Joins a Teleport cluster with the job's own identity and leaves files that ssh, tsh, tctl and Terraform understand.",
    helpMarkDown: "The task needs no mapping of System.AccessToken. See docs/azure-devops.md of the project.",
    category: "Utility",
    visibility: ["Build", "Release"],
    runsOn: ["Agent", "DeploymentGroup"],
    author: "bot-join authors",
    version: { Major: major, Minor: minor, Patch: patch },
    minimumAgentVersion: "2.214.1",
    instanceNameFormat: "Join $(proxy)",
    groups: [{ name: "advanced", displayName: "Advanced", isExpanded: false }],
    inputs: inputTable.filter(isTaskInput).map(renderInput),
    outputVariables: outputTable.map(({ name, help }) => ({ name: azureName(name), description: help })),
    execution: handlers("join.cjs"),
    postjobexecution: handlers("cleanup.cjs"),
    restrictions: {
      commands: { mode: "restricted" },
      settableVariables: { allowed: settableVariables() },
    },
  };
  return `${JSON.stringify(task, undefined, 2)}\n`;
}

function renderInput(definition: InputDefinition): Record<string, unknown> {
  const { name, kind, choices } = definition;
  return {
    name: azureName(name),
    type: kind === "ca-pins" || name === "outputs" ? "multiLine" : "string",
    label: name,
    // A default that the agent filled in could not be told from one that was given: the task has them itself.
    defaultValue: "",
    // The agent would refuse a step whose tbot.yaml holds it.
    required: false,
    helpMarkDown: describeInput(definition),
    ...(firstInputs.includes(name) ? {} : { groupName: "advanced" }),
    ...(choices === undefined
      ? {}
      : {
          type: "pickList",
          options: Object.fromEntries(["", ...choices].map((choice) => [choice, choice])),
          properties: { EditableOptions: "True" },
        }),
  };
}
