import { isBotJoinError } from "@bot-join/core";
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
  const [early, { name }] = await Promise.all([
    request(output.kubernetesCluster).catch(noneIfUnregistered),
    findResource(context, output, kubernetesClusters, output.kubernetesCluster),
  ]);
  const certificates = early !== undefined && name === output.kubernetesCluster ? early : await request(name);
  const { identity, notAfter } = certificates;
  return { type: "kubernetes", certificates, roles: identity.roles, notAfter, kubernetesCluster: name };
}

/** The server knows no cluster of that name (measured-14.2.0.md section 5): it may be a discovered name. */
function noneIfUnregistered(error: unknown): undefined {
  if (isBotJoinError(error) && /kubernetes cluster .* is not registered/.test(error.message))
    return undefined;
  throw error;
}
