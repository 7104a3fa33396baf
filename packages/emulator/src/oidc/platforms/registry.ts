import { azureDevops } from "./azure-devops.ts";
import { bitbucket } from "./bitbucket.ts";
import { circleci } from "./circleci.ts";
import { env0 } from "./env0.ts";
import { gcp } from "./gcp.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import { kubernetes } from "./kubernetes.ts";
import type { Platform } from "./platform.ts";
import { spacelift } from "./spacelift.ts";
import { terraformCloud } from "./terraform-cloud.ts";

/** A join method whose proof is an ID token of a platform. */
export type PlatformJoinMethod =
  | "azure_devops"
  | "bitbucket"
  | "circleci"
  | "env0"
  | "gcp"
  | "github"
  | "gitlab"
  | "kubernetes"
  | "spacelift"
  | "terraform_cloud";

/** The platforms whose ID tokens are emulated, by join method. */
export const platforms: Readonly<Record<PlatformJoinMethod, Platform>> = {
  azure_devops: azureDevops,
  bitbucket,
  circleci,
  env0,
  gcp,
  github,
  gitlab,
  kubernetes,
  spacelift,
  terraform_cloud: terraformCloud,
};

/** Finds the platform behind an issuer's name; a name of nobody's (a test's own GitLab, say) has none. */
export function platformOfIssuer(issuer: string): Platform | undefined {
  return Object.values(platforms).find(({ issuerPattern }) => issuerPattern.test(issuer));
}

/** Gives the claims of a sample job, beside `iss` and the times; given claims win, undefined ones are left out. */
export function platformClaims(
  joinMethod: PlatformJoinMethod,
  overrides: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const claims = Object.entries({ ...platforms[joinMethod].claims, ...overrides });
  return structuredClone(Object.fromEntries(claims.filter(([, value]) => value !== undefined)));
}
