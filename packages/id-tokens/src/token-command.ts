import { IdTokenError } from "./errors.ts";
import { splitWords } from "./split-words.ts";
import { programFailed, runTokenProgram, type TokenProgramOptions } from "./token-program.ts";

/**
 * Runs a command and gives what it printed, without white space around it. No shell is involved: the words are split
 * by quotes only, so that nothing in the input can become a second command.
 * Throws `ERR_IDTOKEN_COMMAND_INVALID` or `ERR_IDTOKEN_COMMAND_FAILED`; arguments are never shown.
 */
export async function readTokenCommand(line: string, options: TokenProgramOptions): Promise<string> {
  const [program, ...args] = splitWords(line) ?? [];
  if (program === undefined || program === "") {
    throw new IdTokenError({
      code: "ERR_IDTOKEN_COMMAND_INVALID",
      kind: "user",
      message: "The input id-token-command cannot be split into words: it is empty or a quote is left open.",
      hint: `Write a program and its arguments, quoted as in a shell: vault read -field=token 'identity/oidc/token/ci'.`,
    });
  }
  const wanted = {
    program,
    args,
    origin: " of id-token-command",
    hint: "The command must print one ID token to its standard output and end with status 0 within 30 s. It runs without a shell: pipes and variables need sh -c '…'.",
  };
  const output = await runTokenProgram(wanted, options);
  if (output === undefined) throw programFailed(wanted, "was not found");
  return output;
}
