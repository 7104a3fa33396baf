import { type Emulator, type EmulatorOptions, startEmulator } from "@bot-join/emulator";
import { parseResources } from "@bot-join/resources";
import { runningEmulators } from "./running-emulators.ts";
import { systemClock } from "./system-clock.ts";

/** The issuer of GitHub's ID tokens. */
export const githubIssuer = "https://token.actions.githubusercontent.com";

/** Roles, bot and token of the recorded cluster (fixtures of teleport-14.2.0): bot `robot`, token `ghcom`. */
export const testResources = `
kind: role
version: v6
metadata: {name: ssh-access}
spec:
  allow:
    logins: [root, deploy]
    node_labels: {'*': '*'}
    db_users: ['*']
    db_names: ['*']
    rules:
    - {resources: ['node'], verbs: [list, read]}
    - {resources: [host_cert], verbs: [create]}
---
kind: role
version: v6
metadata: {name: deploy-only}
spec:
  allow:
    logins: [deploy]
    node_labels: {env: dev}
  options: {max_session_ttl: 2h}
---
kind: bot
version: v1
metadata: {name: robot}
spec:
  roles: [ssh-access, deploy-only]
---
kind: token
version: v2
metadata: {name: ghcom}
spec:
  roles: [Bot]
  bot_name: robot
  join_method: github
  github:
    allow:
    - {repository: acme/shop}
---
kind: token
version: v2
metadata: {name: gl}
spec:
  roles: [Bot]
  bot_name: robot
  join_method: gitlab
  gitlab:
    domain: gitlab.bot.test
    allow:
    - {project_path: 'acme/*', ref: main, ref_type: branch}
`;

/**
 * A token for the bot `robot` of each join method whose proof is an ID token, named like the method; the claims of
 * `platformClaims` open it in the cluster `bot.test`.
 */
export const platformTokens: Readonly<Record<string, string>> = tokensOf({
  github: "{allow: [{repository: acme/shop, environment: prod}]}",
  gitlab: "{allow: [{project_path: 'acme/*', ref: main, ref_protected: true}]}",
  circleci: `{organization_id: 0b6f3b8a-2f8e-4b35-9d10-5f7c2d9a1e44,
      allow: [{project_id: c2a1f0de-7b7e-4c64-8f3e-92d5f0b7a613, context_id: 6fdc6a8c-0c3a-4b4b-9e5f-1d2c3b4a5968}]}`,
  bitbucket: `{audience: 'ari:cloud:bitbucket::workspace/f1e2d3c4-b5a6-4978-8899-aabbccddeeff',
      identity_provider_url: https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc,
      allow: [{workspace_uuid: '{f1e2d3c4-b5a6-4978-8899-aabbccddeeff}', branch_name: main}]}`,
  spacelift: "{hostname: acme.app.spacelift.io, allow: [{space_id: legacy, scope: write}]}",
  azure_devops: `{organization_id: 5f0c8f3e-1d2b-4a7c-9e6d-0b1a2c3d4e5f,
      allow: [{project_name: platform, pipeline_name: deploy-prod, definition_id: '17'}]}`,
  terraform_cloud: "{allow: [{organization_name: acme, workspace_name: network, run_phase: apply}]}",
  kubernetes: `{type: oidc, oidc: {issuer: https://kubernetes.default.svc.cluster.local},
      allow: [{service_account: 'ci:deployer'}]}`,
  gcp: "{allow: [{project_ids: [acme-prod], locations: [us-west1]}]}",
});

/** The same for the methods that only `teleport.join.v1` takes. */
export const joinServiceTokens: Readonly<Record<string, string>> = tokensOf({
  env0: "{allow: [{organization_id: 41d7c0e8-6b2f-4a93-8d15-c7e09f3b2a64, project_name: payments}]}",
});

function tokensOf(blocks: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(blocks).map(([method, block]) => [
      method,
      `kind: token
version: v2
metadata: {name: ${method}}
spec: {roles: [Bot], bot_name: robot, join_method: ${method}, ${method}: ${block}}
`,
    ]),
  );
}

/**
 * Starts the emulator that tests share: cluster `bot.test`, the resources above, the machine's clock. Use it with
 * `await using`; the setup file fails a test file that leaves one running.
 */
export async function startTestEmulator(overrides: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  const emulator = await startEmulator({
    clusterName: "bot.test",
    resources: parseResources(testResources, "test/support/emulator.ts"),
    clock: systemClock,
    ...overrides,
  });
  // The cluster can reach only issuers that were asked for.
  emulator.issuer(githubIssuer);
  emulator.issuer("https://gitlab.bot.test");
  runningEmulators.add(emulator);
  const dispose = emulator[Symbol.asyncDispose].bind(emulator);
  return Object.assign(emulator, {
    [Symbol.asyncDispose]: async () => {
      runningEmulators.delete(emulator);
      await dispose();
    },
  });
}
