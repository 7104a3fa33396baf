import type { IssueContext } from "../issue-context.ts";
import type { IssuedOutputOf } from "../issued-output.ts";
import type { OutputRequestOf } from "../output-request.ts";
import { requestCertificates } from "../user-certificates.ts";

/** Issues an `identity` output, with a route to a leaf cluster where one is named. */
export async function issueIdentity(
  context: IssueContext,
  output: OutputRequestOf<"identity">,
): Promise<IssuedOutputOf<"identity">> {
  const certificates = await requestCertificates(context, output, {
    routeToCluster: output.cluster ?? "",
    reissuableRoleImpersonation: output.allowReissue,
  });
  const { identity, notAfter } = certificates;
  return { type: "identity", certificates, roles: identity.roles, notAfter };
}
