import { JoinError } from "../errors.ts";
import { enumerate, findResource, listResources } from "../find-resource.ts";
import { type IssueContext, rolesOf } from "../issue-context.ts";
import type { IssuedOutputOf } from "../issued-output.ts";
import type { KubernetesSelector, OutputRequestOf } from "../output-request.ts";
import { requestCertificates } from "../user-certificates.ts";
import { kubernetesClusters } from "./kubernetes-clusters.ts";

/**
 * Issues a `kubernetes/v2` output: one certificate without a route, and the clusters that the selectors pick, in their order
 * (outputs.md section 6.4). Throws `ERR_JOIN_RESOURCE_NOT_FOUND` for a name that is not there, and when nothing is picked.
 */
export async function issueKubernetesV2(
  context: IssueContext,
  output: OutputRequestOf<"kubernetes/v2">,
): Promise<IssuedOutputOf<"kubernetes/v2">> {
  const [certificates, ...picked] = await Promise.all([
    requestCertificates(context, output, {}),
    ...output.selectors.map((selector) => pick(context, output, selector)),
  ]);
  const byName = new Map<string, string | undefined>();
  for (const [index, names] of picked.entries()) {
    const namespace = output.selectors[index]?.defaultNamespace;
    for (const name of names) if (!byName.has(name)) byName.set(name, namespace);
  }
  if (byName.size === 0) throw await nothingPicked(context, output);
  const { identity, notAfter } = certificates;
  return {
    type: "kubernetes/v2",
    certificates,
    roles: identity.roles,
    notAfter,
    unmatchedLabels: output.selectors.flatMap((selector, index) =>
      "labels" in selector && picked[index]?.length === 0 ? [selector.labels] : [],
    ),
    kubernetesClusters: [...byName].map(([name, defaultNamespace]) => ({ name, defaultNamespace })),
  };
}

async function pick(
  context: IssueContext,
  output: OutputRequestOf<"kubernetes/v2">,
  selector: KubernetesSelector,
): Promise<string[]> {
  if ("name" in selector) {
    return [(await findResource(context, output, kubernetesClusters, selector.name)).name];
  }
  const found = await listResources(context, output, kubernetesClusters, { labels: selector.labels });
  return [...found.keys()].sort();
}

async function nothingPicked(
  context: IssueContext,
  output: OutputRequestOf<"kubernetes/v2">,
): Promise<JoinError> {
  const names = [...(await listResources(context, output, kubernetesClusters, {})).keys()].sort();
  const labels = output.selectors.map((selector) =>
    JSON.stringify("labels" in selector ? selector.labels : {}),
  );
  return new JoinError({
    code: "ERR_JOIN_RESOURCE_NOT_FOUND",
    kind: "user",
    message:
      `Of the Kubernetes clusters that the roles ${rolesOf(context, output).join(", ")} let the bot see, none has the ` +
      `labels ${labels.join(" or ")}; ${names.length === 0 ? "they let it see none at all" : `there are: ${enumerate(names)}`}.`,
    hint: "`tsh kube ls -v` shows the labels of each.",
    details: { names },
  });
}
