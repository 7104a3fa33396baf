import { findResource, type ResourceKind } from "../find-resource.ts";
import type { IssueContext } from "../issue-context.ts";
import type { IssuedOutputOf } from "../issued-output.ts";
import type { OutputRequestOf } from "../output-request.ts";
import { requestCertificates } from "../user-certificates.ts";
import { createAppSession } from "./app-session.ts";

const applications: ResourceKind<{ publicAddr: string; uri: string }> = {
  resourceType: "app_server",
  noun: "application",
  command: "tsh apps ls",
  roleLabels: "app_labels",
  read({ resource }) {
    if (resource.case !== "appServer") return undefined;
    const app = resource.value.spec?.app;
    return {
      metadata: app?.metadata,
      value: { publicAddr: app?.spec?.publicAddr ?? "", uri: app?.spec?.uri ?? "" },
    };
  },
};

/** Issues an `application` output, with a route to one application (user-certs.md section 2.9). */
export async function issueApplication(
  context: IssueContext,
  output: OutputRequestOf<"application">,
): Promise<IssuedOutputOf<"application">> {
  const { cluster: clusterName } = context.bot.identity;
  const { name, value } = await findResource(context, output, applications, output.appName);
  const session = await createAppSession(context, output, value.publicAddr);
  const [certificates] = await Promise.all([
    requestCertificates(context, output, {
      routeToApp: {
        name,
        publicAddr: value.publicAddr,
        clusterName,
        uri: value.uri,
        sessionId: session?.id ?? "",
      },
    }),
    session?.usable(),
  ]);
  const { identity, notAfter } = certificates;
  return { type: "application", certificates, roles: identity.roles, notAfter };
}
