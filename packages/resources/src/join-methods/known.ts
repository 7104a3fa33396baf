/**
 * Every `join_method` that a Teleport server has, with the major version whose last release has it
 * (provision-token.md section 2, profiles.md). 14 stands for 14 and everything before.
 */
export const joinMethodSince: ReadonlyMap<string, number> = new Map([
  ["token", 14],
  ["ec2", 14],
  ["iam", 14],
  ["github", 14],
  ["circleci", 14],
  ["kubernetes", 14],
  ["azure", 14],
  ["gitlab", 14],
  ["gcp", 14],
  ["spacelift", 14],
  ["tpm", 16],
  ["terraform_cloud", 16],
  ["bitbucket", 16],
  ["oracle", 17],
  ["azure_devops", 17],
  ["bound_keypair", 17],
  ["env0", 18],
]);
