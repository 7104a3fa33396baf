import type { BotIdentity } from "@bot-join/join";
import type { KubernetesTarget, KubernetesUser } from "@bot-join/outputs/renderers";
import { formatHostPort } from "@bot-join/transport";
import type { Run } from "./context.ts";
import type { Issued } from "./issue.ts";
import type { PlannedOutput } from "./plan.ts";
import { directoryOf } from "./plan-paths.ts";
import { programIn } from "./ssh-program.ts";

type Renderers = typeof import("@bot-join/outputs/renderers");

/** What both kinds of kubeconfig say. */
type KubernetesBase = Omit<KubernetesTarget, "kubeCluster" | "contextName">;

/** The outputs that write a kubeconfig. */
export type KubernetesOutput = Extract<PlannedOutput, { type: "kubernetes" | "kubernetes/v2" }>;

/** Whether the kubeconfig starts a program for its credentials: it does, unless it cannot or shall not. */
export function hasExecPlugin({ disableExecPlugin, destination }: KubernetesOutput): boolean {
  return !disableExecPlugin && destination.kind === "directory";
}

/** Tells what a kubeconfig has to say about the way to the clusters. Throws an OutputError for a proxy that names none. */
export function kubernetesBase(
  { plan, context }: Run,
  output: KubernetesOutput,
  bot: BotIdentity,
  { proxySettings }: Issued,
  { kubernetesAddress }: Renderers,
): KubernetesBase {
  if (proxySettings === undefined) throw new TypeError("a kubeconfig without the proxy's settings");
  const { cluster } = bot.identity;
  return {
    teleportCluster: cluster,
    rootCluster: cluster,
    ...kubernetesAddress({ ...proxySettings, webAddress: formatHostPort(plan.proxy) }),
    user: kubernetesUser(output, context.sshProxy),
    omitPreferences: false,
  };
}

function kubernetesUser(output: KubernetesOutput, program: Run["context"]["sshProxy"]): KubernetesUser {
  const directory = directoryOf(output);
  if (directory === undefined || !hasExecPlugin(output)) return { kind: "static" };
  const args = ["kube", "credentials", `--destination-dir=${directory}`];
  const copied = programIn(directory, program);
  return copied.kind === "bundle"
    ? { kind: "exec", command: copied.node, args: [copied.script, ...args] }
    : { kind: "exec", command: copied.path, args };
}
