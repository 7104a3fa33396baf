import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { type Emulator, type GitHubJob, startGitHubJob } from "@bot-join/emulator";
import { parseResources } from "@bot-join/resources";
import { githubIssuer, startTestEmulator } from "../support/emulator.ts";
import { type Forwarder, startForwarder } from "../support/forwarder.ts";
import { systemClock } from "../support/system-clock.ts";

/** What the cluster of a measurement holds: one role that allows the current user, one bot, one join token. */
export const targetNames = {
  cluster: "bot.test",
  role: "ssh-access",
  token: "ghcom",
  node: "web-1",
} as const;

const resources = `
kind: role
version: v7
metadata: {name: ${targetNames.role}}
spec:
  allow:
    logins: [${JSON.stringify(userInfo().username)}]
    node_labels: {'*': '*'}
---
kind: bot
version: v1
metadata: {name: robot}
spec: {roles: [${targetNames.role}]}
---
kind: token
version: v2
metadata: {name: ${targetNames.token}}
spec:
  roles: [Bot]
  bot_name: robot
  join_method: github
  github: {allow: [{repository: acme/shop}]}
`;

/** An emulated cluster, as far away as asked, and a GitHub job that may join it. */
export interface Target extends AsyncDisposable {
  emulator: Emulator;
  /** In front of the emulator. */
  forwarder: Forwarder;
  /** PEM file of the authority of the proxy's web certificate. */
  caFile: string;
  /** Folder for whatever belongs to this target. */
  directory: string;
  /** Starts a job of its own: fresh command files, fresh folder. */
  startJob(): Promise<GitHubJob>;
}

/** Starts a {@link Target}; `directory` must not exist yet, and the caller removes it. */
export async function startTarget(options: {
  version: "14" | "18";
  roundTripMs: number;
  directory: string;
}): Promise<Target> {
  const { directory, roundTripMs, version } = options;
  mkdirSync(directory, { recursive: true });
  await using stack = new AsyncDisposableStack();
  const emulator = stack.use(
    await startTestEmulator({ version, resources: parseResources(resources, "test/bench/target.ts") }),
  );
  const port = emulator.proxyAddress.split(":").at(-1);
  const forwarder = stack.use(await startForwarder({ target: `127.0.0.1:${port}`, roundTripMs }));
  const caFile = join(directory, "web-ca.pem");
  writeFileSync(caFile, emulator.webCaPem);
  const rest = stack.move();
  let jobs = 0;
  return {
    emulator,
    forwarder,
    caFile,
    directory,
    startJob: () => {
      const folder = join(directory, `job-${++jobs}`);
      mkdirSync(folder);
      return startGitHubJob({
        issuer: emulator.issuer(githubIssuer),
        clock: systemClock,
        directory: folder,
      });
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}
