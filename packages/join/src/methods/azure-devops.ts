import type { JoinMethod } from "./join-method.ts";

/** Azure DevOps Pipelines (id-tokens.md section 8): the audience is this literal text in every organization. */
export const azureDevops: JoinMethod = {
  name: "azure_devops",
  proof: "id-token",
  audience: "api://AzureADTokenExchange",
};
