import { findResource } from "../find-resource.ts";
import type { IssueContext } from "../issue-context.ts";
import type { IssuedOutputOf } from "../issued-output.ts";
import type { OutputRequestOf } from "../output-request.ts";
import type { OutputCertificates } from "../rpc-answers.ts";
import { requestCertificates } from "../user-certificates.ts";
import { kubernetesClusters } from "./kubernetes-clusters.ts";

/**
 * Issues a `kubernetes` output, with a route to one cluster. The name as given nearly always is the cluster's own: its
 * certificate is asked for while the name is still being looked up, which saves a round trip.
 */
export async function issueKubernetes(
  context: IssueContext,
  output: OutputRequestOf<"kubernetes">,
): Promise<IssuedOutputOf<"kubernetes">> {
  const request = (kubernetesCluster: string): Promise<OutputCertificates> =>
    requestCertificates(context, output, { kubernetesCluster });
  const early = request(output.kubernetesCluster);
  // The server refuses a name that it does not know: it may be a discovered one, or misspelt, which the look-up tells.
  early.catch(() => {});
  const { name } = await findResource(context, output, kubernetesClusters, output.kubernetesCluster);
  const certificates = await (name === output.kubernetesCluster ? early : request(name));
  const { identity, notAfter } = certificates;
  return { type: "kubernetes", certificates, roles: identity.roles, notAfter, kubernetesCluster: name };
}
