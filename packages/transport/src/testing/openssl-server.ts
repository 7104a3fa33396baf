import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "vitest";
import { requireTool } from "../../../../test/support/tools.ts";
import type { TestCertificate } from "./certificates.ts";

/** Starts `openssl s_server`, which answers a bad client certificate with an alert; Node's own server just closes. */
export async function startOpensslServer(
  context: TestContext,
  { certificatePem, privateKeyPem }: TestCertificate,
  args: string[],
): Promise<AsyncDisposable & { port: number }> {
  const openssl = requireTool(context, "openssl");
  const folder = mkdtempSync(join(tmpdir(), "bot-join-s-server-"));
  const pem = join(folder, "server.pem");
  writeFileSync(pem, certificatePem + privateKeyPem);
  const server = spawn(openssl, ["s_server", "-accept", "127.0.0.1:0", "-cert", pem, ...args], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const lines = createInterface(server.stdout);
  let port = 0;
  for await (const line of lines) {
    port = Number(/^ACCEPT 127\.0\.0\.1:(\d+)$/.exec(line)?.[1] ?? 0);
    if (port !== 0) break;
  }
  server.stdout.resume();
  return {
    port,
    async [Symbol.asyncDispose]() {
      const exited = server.exitCode === null ? once(server, "exit") : undefined;
      server.kill();
      await exited;
      rmSync(folder, { recursive: true });
    },
  };
}
