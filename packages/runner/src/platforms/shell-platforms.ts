import { azureDevops } from "./azure-devops.ts";
import { bitbucket } from "./bitbucket.ts";
import { circleci } from "./circleci.ts";
import { env0 } from "./env0.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import type { ShellPlatform } from "./shell-platform.ts";
import { spacelift } from "./spacelift.ts";

/** The platforms of which a shell step can use more than of any machine. */
export const shellPlatforms: readonly ShellPlatform[] = [
  github,
  gitlab,
  circleci,
  bitbucket,
  azureDevops,
  spacelift,
  env0,
];
