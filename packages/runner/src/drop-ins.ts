import type { InputDefinition } from "./inputs.ts";

/** An input of a drop-in action: what is given goes into a key of its one output. */
export interface DropInInput extends Pick<InputDefinition, "name" | "required" | "help" | "choices"> {
  /** As tbot.yaml has it (outputs.md section 1.2). */
  key: string;
}

/**
 * An action that takes the place of one of teleport-actions: besides our own inputs it has those that describe its one output
 * (outputs.md section 12).
 */
export interface DropIn {
  /** Name of its folder and of its bundle. */
  name: string;
  description: string;
  /** Type of its output. */
  type: string;
  inputs: readonly DropInInput[];
  /** Names of the output table that it has first, as the action that it replaces has them. */
  outputs: readonly string[];
}

/** Every drop-in action of actions/github. */
export const dropIns: readonly DropIn[] = [
  {
    name: "auth-k8s",
    description:
      "Joins a Teleport cluster and writes a kubeconfig; takes the place of teleport-actions/auth-k8s.",
    type: "kubernetes",
    inputs: [
      {
        name: "kubernetes-cluster",
        key: "kubernetes_cluster",
        required: true,
        help: "Name of the Kubernetes cluster, as the Teleport cluster knows it.",
      },
    ],
    outputs: ["identity-file", "kubeconfig", "destination-dir"],
  },
  {
    name: "auth-application",
    description:
      "Joins a Teleport cluster and writes a client certificate for an application; takes the place of teleport-actions/auth-application.",
    type: "application",
    inputs: [
      {
        name: "app",
        key: "app_name",
        required: true,
        help: "Name of the application, as the Teleport cluster knows it.",
      },
    ],
    outputs: ["destination-dir", "identity-file", "certificate-file", "key-file"],
  },
  {
    name: "database",
    description: "Joins a Teleport cluster and writes a client certificate for a database.",
    type: "database",
    inputs: [
      {
        name: "service",
        key: "service",
        required: true,
        help: "Name of the database, as the Teleport cluster knows it.",
      },
      { name: "username", key: "username", help: "User of the database." },
      { name: "database", key: "database", help: "Name of the database within the server." },
      {
        name: "format",
        key: "format",
        choices: ["tls", "mongo", "cockroach"],
        help: "Files to write besides those of every output, for clients that want them in another form.",
      },
    ],
    outputs: ["destination-dir", "identity-file", "certificate-file", "key-file"],
  },
];

/** Inputs of the root action that a drop-in has not: they are about outputs, of which it has one of its own. */
const ofOutputs = ["outputs", "config", "allow-reissue"];

/** Tells whether an input of the root action is one of a drop-in as well. */
export function isCommonInput({ name }: InputDefinition): boolean {
  return !ofOutputs.includes(name);
}

/** Finds a drop-in action by its name. Throws a TypeError when there is none. */
export function findDropIn(name: string): DropIn {
  const found = dropIns.find((each) => each.name === name);
  if (found === undefined) throw new TypeError(`there is no action ${name}`);
  return found;
}

/** Writes the output of a drop-in as the input `outputs` has it: JSON is YAML. */
export function dropInOutputs({ type, inputs }: DropIn, values: ReadonlyMap<string, string>): string {
  const keys = inputs.flatMap(({ name, key }) => {
    const value = values.get(name);
    return value === undefined ? [] : [[key, value] as const];
  });
  return JSON.stringify([{ type, ...Object.fromEntries(keys) }]);
}
