import { type Command, Option } from "commander";
import { demoSteps, isDemoStep } from "../demo/steps.ts";
import { ownProgram } from "../own-program.ts";
import { interruption, runCommand } from "../run-command.ts";

/** Adds `demo`: the whole way from a GitHub job to a shell on a node, on this machine alone. */
export function addDemo(program: Command): void {
  program
    .command("demo")
    .description("Shows a GitHub job joining an emulated cluster and opening SSH, all on this machine.")
    .option("--keep", "leave the cluster running until Ctrl-C, and show what to type next")
    .addOption(
      new Option("--step <name>", "play one step of the job, as an executable starts itself to do")
        .choices(demoSteps)
        .hideHelp(),
    )
    .action((flags: { keep?: boolean; step?: string }) =>
      runCommand(async () => {
        if (isDemoStep(flags.step)) {
          const { playStep } = await import("../demo/play-step.ts");
          await playStep(flags.step, ownProgram(), interruption());
          return;
        }
        const { runDemo } = await import("../demo/run-demo.ts");
        await runDemo({
          keep: flags.keep === true,
          interrupted: interruption(),
          program: ownProgram(),
          environment: process.env,
          print: (line) => process.stdout.write(`${line}\n`),
        });
      }),
    );
}
