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
