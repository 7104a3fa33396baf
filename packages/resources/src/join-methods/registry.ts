import { azure } from "./azure.ts";
import { azureDevops } from "./azure-devops.ts";
import { bitbucket } from "./bitbucket.ts";
import { boundKeypair } from "./bound-keypair.ts";
import { circleci } from "./circleci.ts";
import { ec2 } from "./ec2.ts";
import { env0 } from "./env0.ts";
import { gcp } from "./gcp.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import { iam } from "./iam.ts";
import type { IdTokenJoinMethod, JoinMethod } from "./join-method.ts";
import { kubernetes } from "./kubernetes.ts";
import { oracle } from "./oracle.ts";
import { spacelift } from "./spacelift.ts";
import { terraformCloud } from "./terraform-cloud.ts";
import { token } from "./token.ts";
import { tpm } from "./tpm.ts";

/** Join methods by the text of `spec.join_method`, one file each. */
export const joinMethods: {
  readonly token: JoinMethod;
  readonly ec2: JoinMethod;
  readonly iam: JoinMethod;
  readonly github: IdTokenJoinMethod;
  readonly gitlab: IdTokenJoinMethod;
  readonly circleci: IdTokenJoinMethod;
  readonly bitbucket: IdTokenJoinMethod;
  readonly spacelift: IdTokenJoinMethod;
  readonly env0: IdTokenJoinMethod;
  readonly azure_devops: IdTokenJoinMethod;
  readonly terraform_cloud: IdTokenJoinMethod;
  readonly kubernetes: JoinMethod;
  readonly gcp: IdTokenJoinMethod;
  readonly azure: JoinMethod;
  readonly tpm: JoinMethod;
  readonly oracle: JoinMethod;
  readonly bound_keypair: JoinMethod;
} = {
  token,
  ec2,
  iam,
  github,
  gitlab,
  circleci,
  bitbucket,
  spacelift,
  env0,
  azure_devops: azureDevops,
  terraform_cloud: terraformCloud,
  kubernetes,
  gcp,
  azure,
  tpm,
  oracle,
  bound_keypair: boundKeypair,
};

const byName: ReadonlyMap<string, JoinMethod> = new Map(Object.entries(joinMethods));

/** Finds a join method by name; undefined for one that no server has. */
export function findJoinMethod(name: string): JoinMethod | undefined {
  return byName.get(name);
}
