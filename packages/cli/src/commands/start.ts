import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BotJoinError, describeError, nearestSpelling } from "@bot-join/core";
import { main, openDataDirectory } from "@bot-join/one-shot";
import { createShellRunner, describeInput, inputTable } from "@bot-join/runner";
import { type Command, Option } from "commander";
import { interruption, runCommand } from "../run-command.ts";

/** tbot's names for our inputs (outputs.md sections 10.2 and 10.3). */
const tbotNames: Readonly<Record<string, string>> = {
  "proxy-server": "proxy",
  "auth-server": "proxy",
  destination: "directory",
  "destination-dir": "directory",
  storage: "data-dir",
};

/** tbot's flags that change nothing in a one-shot join with a delegated method, and why. */
const withoutEffect: Readonly<Record<string, string>> = {
  "renewal-interval": "a one-shot run renews once, at its start",
  "log-format": "the log is text on standard error",
  "diag-addr": "a one-shot join serves nothing",
};

/** tbot's names of the identity output; other outputs come with a later release. */
const identityNames = ["identity", "ssh", "id", "legacy"];

const laterOutputs = [
  "application",
  "database",
  "kubernetes",
  "kubernetes/v2",
  "workload-identity-x509",
  "workload-identity-jwt",
];

function usage(message: string, hint: string): BotJoinError {
  return new BotJoinError({ code: "ERR_CLI_FLAG", kind: "user", message, hint });
}

function checkOutput(output: string): void {
  if (identityNames.includes(output)) return;
  const near = nearestSpelling(output, identityNames);
  throw usage(
    `start ${output}: ${laterOutputs.includes(output) ? "this output comes with a later release of bot-join" : "there is no such output"}.`,
    near === undefined
      ? "Only identity is possible now."
      : `Did you mean ${near}? Only identity is possible now.`,
  );
}

/** A destination may be a path or tbot's URI for one (outputs.md section 8.1). */
function destinationPath(value: string): string {
  if (value.startsWith("file://")) {
    try {
      return fileURLToPath(value);
    } catch (error) {
      throw usage(
        `--destination ${value}: this is no URI of a local directory: ${describeError(error)}.`,
        "Write a path, or file:///absolute/path without a host.",
      );
    }
  }
  const scheme = /^([a-z][a-z0-9+-]*):\/\//.exec(value)?.[1];
  if (scheme === undefined) return value;
  throw usage(
    `--destination ${value}: destinations of the kind ${scheme} are not possible.`,
    "Give a directory.",
  );
}

/** commander hands flags over in camel case, as they were given; ours are named as the inputs are. */
function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Turns the flags into inputs. Throws `ERR_CLI_FLAG` when two names of one input are given. */
function inputsOf(flags: Record<string, string | boolean | string[] | undefined>): Record<string, string> {
  const inputs: Record<string, string> = {};
  for (const [camel, value] of Object.entries(flags)) {
    const flag = kebab(camel);
    const name = tbotNames[flag] ?? flag;
    if (value === undefined || withoutEffect[flag] !== undefined || flag === "oneshot" || flag === "format")
      continue;
    const text = Array.isArray(value) ? value.join(",") : String(value);
    if (inputs[name] !== undefined)
      throw usage(`--${flag}: the same as --${name}, and both were given.`, "Give one of them.");
    inputs[name] = name === "directory" ? destinationPath(text) : text;
  }
  return inputs;
}

/** Adds `start`: one join from the command line, with the inputs as flags and with tbot's names for them. */
export function addStart(program: Command): void {
  const command = program
    .command("start")
    .description("Joins once and writes an identity output.")
    .argument("[output]", "output to write: identity", "identity");
  for (const input of inputTable.filter(
    ({ gitHubOnly, name }) => gitHubOnly !== true && name !== "cluster",
  )) {
    const isFlag = input.kind === "boolean";
    const short = input.name === "debug" ? "-d, " : "";
    const option = new Option(
      `${short}--${input.name}${isFlag ? " [true|false]" : " <value>"}`,
      describeInput(input),
    );
    if (isFlag) option.preset("true");
    if (input.kind === "ca-pins")
      option.argParser((value: string, previous: string[] = []) => [...previous, value]);
    command.addOption(option);
  }
  for (const [flag, input] of Object.entries(tbotNames)) {
    command.addOption(
      new Option(`${flag === "auth-server" ? "-a, " : ""}--${flag} <value>`, `tbot's name for --${input}`),
    );
  }
  for (const [flag, why] of Object.entries(withoutEffect)) {
    command.addOption(
      new Option(`--${flag} <value>`, `accepted from tbot's command line, without effect: ${why}`),
    );
  }
  command
    .option("--oneshot", "join once and end; bot-join always does")
    .addOption(
      new Option("--format <format>", "how the outputs are printed")
        .choices(["text", "json"])
        .default("text"),
    )
    .action((output: string, flags: Record<string, string | boolean | string[] | undefined>) =>
      runCommand(async () => {
        checkOutput(output);
        const format = flags["format"] === "json" ? "json" : "text";
        const runner = createShellRunner({
          flags: inputsOf(flags),
          format,
          debug: flags["debug"] === "true",
        });
        if (flags["oneshot"] !== true)
          runner.log.info("bot-join joins once and ends, as tbot does with --oneshot.");
        for (const flag of Object.keys(withoutEffect)) {
          if (
            command.getOptionValueSource(
              flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
            ) === "cli"
          ) {
            runner.log.info(`--${flag} has no effect: ${withoutEffect[flag]}.`);
          }
        }
        try {
          await main({
            runner,
            signal: interruption(),
            sshProxyScript: join(__dirname, "ssh-proxy.cjs"),
            node: process.execPath,
            platform: process.platform,
            workingDirectory: process.cwd(),
            openDataDirectory,
          });
          runner.finish();
        } catch (error) {
          runner.fail(error);
        }
      }),
    );
}
