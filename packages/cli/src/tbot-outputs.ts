/** An output as tbot.yaml has it. */
export type OutputObject = Record<string, unknown>;

/** A flag that describes the output of some forms of `start`. */
export interface FormFlag {
  name: string;
  help: string;
  isSwitch?: true;
  isRepeatable?: true;
  required?: true;
  choices?: readonly string[];
  /** Puts what was given into the output; a switch is `true` or `false`, all others are texts. */
  put(output: OutputObject, values: readonly string[]): void;
}

/** A form of `start` and `configure`: the output that it makes, and what describes that. */
export interface TbotForm {
  name: string;
  aliases: readonly string[];
  /** Type of the output. */
  type: string;
  flags: readonly FormFlag[];
}

function text(name: string, key: string, help: string, more: Partial<FormFlag> = {}): FormFlag {
  return { name, help, ...more, put: (output, [value]) => void Object.assign(output, { [key]: value }) };
}

function toggle(name: string, key: string, help: string): FormFlag {
  return {
    name,
    help,
    isSwitch: true,
    put: (output, [value]) => void Object.assign(output, { [key]: value === "true" }),
  };
}

/** Adds entries to the `selectors` of a `kubernetes/v2` output. */
function addSelectors(output: OutputObject, selectors: readonly object[]): void {
  const before = Array.isArray(output["selectors"]) ? output["selectors"] : [];
  output["selectors"] = [...before, ...selectors];
}

/** Reads `k=v,k2=v2`; a part without `=` becomes a label that the reader of the output refuses. */
function labelsOf(value: string): [name: string, value: string][] {
  return value.split(",").map((part) => {
    const [name = "", ...rest] = part.split("=");
    return [name.trim(), rest.join("=").trim()];
  });
}

const identityFlags: readonly FormFlag[] = [
  text("cluster", "cluster", "leaf cluster that the identity is for; default: the bot's own"),
];

const disableExecPlugin: FormFlag = toggle(
  "disable-exec-plugin",
  "disable_exec_plugin",
  "write key and certificate into the kubeconfig instead of a command that prints them",
);

const workloadFlags: readonly FormFlag[] = [
  {
    name: "name-selector",
    help: "name of what is wanted",
    put: (output, [name]) => void Object.assign(output, { selector: { name } }),
  },
  {
    name: "label-selector",
    help: "labels of what is wanted, k=v,k2=v2",
    isRepeatable: true,
    put: (output, values) => {
      const labels: Record<string, string[]> = {};
      for (const [name, value] of values.flatMap(labelsOf)) labels[name] = [...(labels[name] ?? []), value];
      Object.assign(output, { selector: { ...(output["selector"] ?? {}), labels } });
    },
  },
];

/** The forms of tbot whose output a one-shot join can make (outputs.md section 10.3). */
export const tbotForms: readonly TbotForm[] = [
  { name: "legacy", aliases: [], type: "identity", flags: identityFlags },
  { name: "identity", aliases: ["ssh", "id"], type: "identity", flags: identityFlags },
  {
    name: "application",
    aliases: [],
    type: "application",
    flags: [
      text("app", "app_name", "name of the application", { required: true }),
      toggle("specific-tls-extensions", "specific_tls_naming", "write tls.key, tls.crt and tls.cas as well"),
    ],
  },
  {
    name: "database",
    aliases: [],
    type: "database",
    flags: [
      text("service", "service", "name of the database, as the cluster knows it", { required: true }),
      text("username", "username", "user of the database", { required: true }),
      text("database", "database", "name of the database within its server", { required: true }),
    ],
  },
  {
    name: "kubernetes",
    aliases: [],
    type: "kubernetes",
    flags: [
      text("kubernetes-cluster", "kubernetes_cluster", "name of the Kubernetes cluster", { required: true }),
      disableExecPlugin,
    ],
  },
  {
    name: "kubernetes/v2",
    aliases: [],
    type: "kubernetes/v2",
    flags: [
      {
        name: "name-selector",
        help: "name of what is wanted",
        isRepeatable: true,
        put: (output, names) =>
          addSelectors(
            output,
            names.map((name) => ({ name })),
          ),
      },
      {
        name: "label-selector",
        help: "labels of what is wanted, k=v,k2=v2",
        isRepeatable: true,
        put: (output, values) =>
          addSelectors(
            output,
            values.map((value) => ({ labels: Object.fromEntries(labelsOf(value)) })),
          ),
      },
      disableExecPlugin,
    ],
  },
  { name: "workload-identity-x509", aliases: [], type: "workload-identity-x509", flags: workloadFlags },
  { name: "workload-identity-jwt", aliases: [], type: "workload-identity-jwt", flags: workloadFlags },
];

/** Forms of tbot that are no output, and why there is nothing for them to do. */
export const refusedForms: Readonly<Record<string, string>> = {
  noop: "it writes nothing; bot-join joins to write an output",
};
