import type { AzureBlock } from "./azure.ts";
import type { AzureDevopsBlock } from "./azure-devops.ts";
import type { BitbucketBlock } from "./bitbucket.ts";
import type { BoundKeypairBlock } from "./bound-keypair.ts";
import type { CircleciBlock } from "./circleci.ts";
import type { Env0Block } from "./env0.ts";
import type { GcpBlock } from "./gcp.ts";
import type { GithubBlock } from "./github.ts";
import type { GitlabBlock } from "./gitlab.ts";
import type { KubernetesBlock } from "./kubernetes.ts";
import type { OracleBlock } from "./oracle.ts";
import type { SpaceliftBlock } from "./spacelift.ts";
import type { TerraformCloudBlock } from "./terraform-cloud.ts";
import type { TpmBlock } from "./tpm.ts";

/** The blocks of `spec` that join methods own; a token holds the one of its method. */
export interface MethodBlocks {
  github?: GithubBlock;
  gitlab?: GitlabBlock;
  circleci?: CircleciBlock;
  bitbucket?: BitbucketBlock;
  spacelift?: SpaceliftBlock;
  env0?: Env0Block;
  azure_devops?: AzureDevopsBlock;
  terraform_cloud?: TerraformCloudBlock;
  kubernetes?: KubernetesBlock;
  gcp?: GcpBlock;
  azure?: AzureBlock;
  tpm?: TpmBlock;
  oracle?: OracleBlock;
  bound_keypair?: BoundKeypairBlock;
}
