import { anyCiCases } from "./any-ci.ts";
import { azureDevopsCases } from "./azure-devops.ts";
import { bitbucketCases } from "./bitbucket.ts";
import { circleciCases } from "./circleci.ts";
import { env0Cases } from "./env0.ts";
import { githubCases } from "./github.ts";
import { gitlabCases } from "./gitlab.ts";
import type { PlatformCase } from "./platform-case.ts";
import { spaceliftCases } from "./spacelift.ts";

/** The jobs of all platforms; each is its example, run with the packed release. */
export const platformCases: readonly PlatformCase[] = [
  ...anyCiCases,
  ...azureDevopsCases,
  ...bitbucketCases,
  ...circleciCases,
  ...env0Cases,
  ...githubCases,
  ...gitlabCases,
  ...spaceliftCases,
];
