import type { IssueContext } from "../issue-context.ts";
import type { IssuedOutput } from "../issued-output.ts";
import type { OutputRequest } from "../output-request.ts";
import { issueApplication } from "./application.ts";
import { issueDatabase } from "./database.ts";
import { issueIdentity } from "./identity.ts";
import { issueKubernetes } from "./kubernetes.ts";
import { issueKubernetesV2 } from "./kubernetes-v2.ts";
import { issueSshHost } from "./ssh-host.ts";
import { issueWorkloadJwt, issueWorkloadX509 } from "./workload-identity.ts";

/** Issues whatever the output wants. */
export function issueOutput(context: IssueContext, output: OutputRequest): Promise<IssuedOutput> {
  switch (output.type) {
    case "identity":
      return issueIdentity(context, output);
    case "ssh_host":
      return issueSshHost(context, output);
    case "kubernetes":
      return issueKubernetes(context, output);
    case "kubernetes/v2":
      return issueKubernetesV2(context, output);
    case "application":
      return issueApplication(context, output);
    case "database":
      return issueDatabase(context, output);
    case "workload-identity-x509":
      return issueWorkloadX509(context, output);
    case "workload-identity-jwt":
      return issueWorkloadJwt(context, output);
  }
}
