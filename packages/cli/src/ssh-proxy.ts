/**
 * The bundle `ssh-proxy.cjs`: what an `ssh_config` of ours starts for every connection and a kubeconfig of ours, as
 * `kube credentials`, for every command. It loads nothing that these jobs do not need.
 */
import { parseArgs } from "node:util";
import { isBotJoinError } from "@bot-join/core";
import { kubeCredentialsOf } from "./kube-credentials.ts";
import { sshProxyCommand } from "./ssh-proxy-command.ts";

/** How long reaching the proxy may take before ssh should rather hear of it, in milliseconds. */
const dialTimeoutMs = 30_000;

async function main(): Promise<void> {
  const [command, subcommand, ...args] = process.argv.slice(2);
  if (command === "kube" && subcommand === "credentials") return printKubeCredentials(args);
  const { values } = parseArgs({
    strict: true,
    options: {
      "destination-dir": { type: "string" },
      "proxy-server": { type: "string" },
      cluster: { type: "string" },
      user: { type: "string" },
      host: { type: "string" },
      port: { type: "string" },
    },
  });
  const { "destination-dir": directory, "proxy-server": proxy, host } = values;
  if (directory === undefined || proxy === undefined || host === undefined) {
    throw new TypeError("--destination-dir, --proxy-server and --host are required");
  }
  await sshProxyCommand(
    { directory, proxy, host, cluster: values.cluster, port: values.port ?? "0" },
    {
      input: process.stdin,
      output: process.stdout,
      environment: process.env,
      signal: AbortSignal.timeout(dialTimeoutMs),
    },
  );
}

async function printKubeCredentials(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, strict: true, options: { "destination-dir": { type: "string" } } });
  const { "destination-dir": directory } = values;
  if (directory === undefined) throw new TypeError("--destination-dir is required");
  const text = await kubeCredentialsOf(directory, new Date());
  // The process ends with exit(), which does not wait for a pipe.
  await new Promise((resolve) => process.stdout.write(text, resolve));
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const hint = isBotJoinError(error) && error.hint !== undefined ? ` ${error.hint}` : "";
    process.stderr.write(`bot-join: ${error instanceof Error ? error.message : error}${hint}\n`, () =>
      process.exit(1),
    );
  },
);
