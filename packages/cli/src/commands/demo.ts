import type { Command } from "commander";
import { interruption, runCommand } from "../run-command.ts";

/** Adds `demo`: the whole way from a GitHub job to a shell on a node, on this machine alone. */
export function addDemo(program: Command): void {
  program
    .command("demo")
    .description("Shows a GitHub job joining an emulated cluster and opening SSH, all on this machine.")
    .option("--keep", "leave the cluster running until Ctrl-C, and show what to type next")
    .action((flags: { keep?: boolean }) =>
      runCommand(async () => {
        const { runDemo } = await import("../demo/run-demo.ts");
        await runDemo({
          keep: flags.keep === true,
          interrupted: interruption(),
          bundles: __dirname,
          node: process.execPath,
          environment: process.env,
          print: (line) => process.stdout.write(`${line}\n`),
        });
      }),
    );
}
