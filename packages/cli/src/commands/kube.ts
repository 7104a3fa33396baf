import type { Command } from "commander";
import { BotJoinCommand } from "../bot-join-command.ts";
import { kubeCredentialsOf } from "../kube-credentials.ts";
import { runCommand } from "../run-command.ts";

/** Adds `kube credentials`, which a kubeconfig of ours has kubectl start (outputs.md section 6.5). */
export function addKube(program: Command): void {
  const group = new BotJoinCommand("kube")
    .description("What kubectl asks for.")
    .copyInheritedSettings(program);
  program.addCommand(group);
  group
    .command("credentials")
    .description("Prints the credentials of an output for kubectl, which starts this by its kubeconfig.")
    .requiredOption("--destination-dir <dir>", "directory that a join wrote")
    .action(({ destinationDir }: { destinationDir: string }) =>
      runCommand(async () => {
        process.stdout.write(await kubeCredentialsOf(destinationDir, new Date()));
      }),
    );
}
