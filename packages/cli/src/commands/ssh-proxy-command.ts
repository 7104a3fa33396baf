import type { Command } from "commander";
import { usage } from "../join-flags.ts";
import { runCommand } from "../run-command.ts";
import { sshProxyCommand } from "../ssh-proxy-command.ts";

/** How long reaching the proxy may take before ssh should rather hear of it, in milliseconds. */
const dialTimeoutMs = 30_000;

/** Adds `ssh-proxy-command`, with tbot's flags (outputs.md section 10.5): ssh runs it as its ProxyCommand. */
export function addSshProxyCommand(program: Command): void {
  program
    .command("ssh-proxy-command")
    .description("Connects ssh with a node through the proxy; meant as a ProxyCommand.")
    .option("--destination-dir <dir>", "directory that a join wrote", ".")
    .requiredOption("--proxy-server <host:port>", "address of the proxy")
    .option("--cluster <name>", "cluster of the node; default: the one that issued the identity")
    .requiredOption("--user <login>", "login, %r in ssh_config")
    .requiredOption("--host <name>", "host, %h in ssh_config")
    .option("--port <port>", "port, %p in ssh_config; 0 means the node's own", "0")
    .option("--tls-routing", "accepted for tbot's command line; the proxy is always reached by TLS routing")
    .option("--no-tls-routing", "refused: bot-join has no way without TLS routing")
    .option(
      "--connection-upgrade",
      "refused: a proxy behind a load balancer that ends TLS is not reached yet",
    )
    .option("--no-connection-upgrade", "accepted for tbot's command line")
    .option("--resume", "accepted for tbot's command line, without effect")
    .option("--no-resume", "accepted for tbot's command line")
    .option("--proxy-templates <file>", "refused: templates of a tsh configuration are not read")
    .action((flags: Record<string, string | boolean | undefined>) =>
      runCommand(async () => {
        refuse(flags);
        await sshProxyCommand(
          {
            directory: String(flags["destinationDir"]),
            proxy: String(flags["proxyServer"]),
            cluster: flags["cluster"] as string | undefined,
            host: String(flags["host"]),
            port: String(flags["port"]),
          },
          {
            input: process.stdin,
            output: process.stdout,
            environment: process.env,
            signal: AbortSignal.timeout(dialTimeoutMs),
          },
        );
        process.exit(0);
      }),
    );
}

/** Throws `ERR_CLI_FLAG` for what tbot could do and bot-join cannot. */
function refuse(flags: Record<string, string | boolean | undefined>): void {
  if (flags["tlsRouting"] === false || flags["connectionUpgrade"] === true)
    throw usage(
      "ssh-proxy-command reaches nodes by TLS routing, directly or through an HTTP proxy, and in no other way.",
      "Leave --no-tls-routing and --connection-upgrade out.",
    );
  if (flags["proxyTemplates"] !== undefined)
    throw usage(
      "--proxy-templates cannot be used: templates belong to a configuration of tsh, which bot-join does not read.",
      "Give --proxy-server, --cluster and --host what the template would make of the host.",
    );
}
