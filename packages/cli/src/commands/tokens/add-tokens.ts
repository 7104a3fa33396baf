import { type Command, Option } from "commander";
import { runCommand } from "../../run-command.ts";
import { addGroup } from "../add-group.ts";
import type { CheckFlags } from "./check.ts";
import type { ClaimsSource } from "./claims-file.ts";
import type { SuggestFlags } from "./suggest.ts";

interface ExplainFlags extends ClaimsSource {
  tokenFile: string;
  token?: string;
  cluster?: string;
  serverVersion?: string;
  format: "text" | "json";
}

const serverVersionHelp = "version of the server to judge by, such as 14.2.0 or 18 (default: the newest)";

/** Adds `tokens`: checks, explains, suggests and converts provision tokens, without any cluster. */
export function addTokens(program: Command): void {
  const tokens = addGroup(
    program,
    "tokens",
    "Checks, explains, suggests and converts provision tokens; asks no cluster.",
  );
  addCheck(tokens);
  addExplain(tokens);
  addSuggest(tokens);
  tokens
    .command("convert")
    .description("Writes the tokens of a file in another form on standard output.")
    .argument("<file>", "YAML, JSON, or what terraform show -json prints; - for standard input")
    .addOption(
      new Option("--to <form>", "tctl's YAML or JSON, or Terraform's HCL")
        .choices(["yaml", "json", "hcl"])
        .makeOptionMandatory(),
    )
    .action((file: string, { to }: { to: "yaml" | "json" | "hcl" }) =>
      runCommand(async () => {
        const { readTextFile, sourceName } = await import("../../read-text-file.ts");
        const { convertTokens } = await import("./convert.ts");
        const { text, leftOut } = convertTokens(await readTextFile(file), sourceName(file), to);
        for (const line of leftOut) process.stderr.write(`${line}\n`);
        print(text);
      }),
    );
  tokens
    .command("schema")
    .description("Prints the JSON Schema of token documents, for editors.")
    .action(() =>
      runCommand(async () => {
        const { tokenSchema } = await import("@bot-join/resources");
        print(`${JSON.stringify(tokenSchema(), undefined, 2)}\n`);
      }),
    );
}

function addCheck(tokens: Command): void {
  tokens
    .command("check")
    .description(
      "Says what a server would refuse, and what it accepts silently although it cannot be meant. Status 0: fine; 1: refused; 2: a file is unusable.",
    )
    .argument("<files...>", "YAML, JSON, or what terraform show -json prints; - for standard input")
    .option("--strict", "take warnings for errors")
    .option("--server-version <version>", serverVersionHelp)
    .addOption(formatOption())
    .action((files: string[], flags: CheckFlags) =>
      runCommand(async () => {
        const { checkFiles } = await import("./check.ts");
        process.exitCode = await checkFiles(files, flags, print);
      }),
    );
}

function addExplain(tokens: Command): void {
  tokens
    .command("explain")
    .description(
      "Says who an ID token is for, rule by rule why a token lets it in or not, and what to change. Status 0: let in; 1: refused; 2: a file is unusable.",
    )
    .requiredOption("--token-file <file>", "the token: YAML, JSON, or what terraform show -json prints")
    .option("--token <name>", "which one, when the file holds several")
    .option("--id-token-file <file>", "the ID token of the job")
    .option("--claims <file>", "its claims instead, decoded: a JSON object")
    .option("--cluster <name>", "name of the cluster, which some methods want as the audience")
    .option("--server-version <version>", serverVersionHelp)
    .addOption(formatOption())
    .action((flags: ExplainFlags) =>
      runCommand(async () => {
        const { explainFiles } = await import("./explain-files.ts");
        process.exitCode = await explainFiles(flags, print);
      }),
    );
}

function addSuggest(tokens: Command): void {
  tokens
    .command("suggest")
    .description(
      "Writes the narrowest sensible token for an ID token, or one of a breadth that is asked for.",
    )
    .option("--id-token-file <file>", "the ID token of the job")
    .option("--claims <file>", "its claims instead, decoded: a JSON object")
    .option("--breadth <name>", "how wide the rule is; the output lists the method's words for it")
    .option("--join-method <method>", "join method of the token (default: by the issuer)")
    .option("--name <name>", "name of the token (default: made of method and claims)")
    .option("--bot-name <name>", "bot that joins by it", "my-bot")
    .option("--cluster <name>", "name of the cluster, where the audience is that by default")
    .addOption(formatOption())
    .action((flags: ClaimsSource & SuggestFlags) =>
      runCommand(async () => {
        const { readClaimsFile } = await import("./claims-file.ts");
        const { suggestText } = await import("./suggest.ts");
        print(suggestText(await readClaimsFile(flags, "tokens suggest"), flags));
      }),
    );
}

function formatOption(): Option {
  return new Option("--format <format>", "how the answer is printed")
    .choices(["text", "json"])
    .default("text");
}

function print(text: string): void {
  process.stdout.write(text);
}
