import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect } from "vitest";
import type { StartedPlatformJob } from "../e2e/platforms/platform-job.ts";
import { secretsShown } from "../e2e/platforms/secrets-shown.ts";

/** What a person could call a branch or a job so that somebody's shell or log reader does something. */
export const hostileText = `it's "x" \`touch pwned\` $(touch pwned) \${IFS}; touch pwned #
##vso[task.setvariable variable=pwned]yes
::set-output name=pwned::yes
::add-mask::yes
##[error]pwned`;

/** Commands of Azure DevOps, wherever they stand in a line, and of GitHub, which begin one. */
const commandsInLog = /##vso\[|##\[error\]|^\s*::(?:set-output|add-mask)/m;

/** Expects that nothing in a log is a command to a CI system. */
export function expectNoCommands(output: string): void {
  expect(output).not.toMatch(commandsInLog);
}

/** Expects that no line of a log is a command, and that the job's folder is as it was before the job. */
export function expectHarmless(job: StartedPlatformJob, output: string): void {
  expectNoCommands(output);
  expect(secretsShown(output, job.idTokens)).toEqual([]);
  expect(job.changes()).toEqual([]);
}

/** Expects one error with this code in a log, and nothing that looks like a defect. */
export function expectOneError(output: string, code: RegExp): void {
  expect(output.match(/^error: /gm), output).toHaveLength(1);
  expect(output).toMatch(code);
  expect(output).not.toMatch(/defect of bot-join|^\s+at .*:\d+:\d+|\bundefined\b/m);
}

/** A proxy that takes connections and says nothing, and tells of the first one. */
export interface SilentProxy extends AsyncDisposable {
  address: string;
  reached: Promise<void>;
}

export async function startSilentProxy(): Promise<SilentProxy> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
  });
  return {
    address: `127.0.0.1:${port}`,
    reached: once(server, "connection").then(() => undefined),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
