import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@bot-join/core";
import type { BadToken, OidcIssuer } from "../oidc/issuer.ts";
import { type GitHubClaims, githubClaims } from "./claims.ts";
import { parseMasks, readCommandFile } from "./command-files.ts";
import { jobEnvironment } from "./environment.ts";
import { startTokenEndpoint, type TokenEndpointFault } from "./token-endpoint.ts";

/** Which job is played. */
export interface GitHubJobOptions {
  /** Signs the job's tokens, usually `emulator.issuer("https://token.actions.githubusercontent.com")`. */
  issuer: OidcIssuer;
  clock: Clock;
  /** An existing folder for the runner's files; the caller removes it. */
  directory: string;
  /** Claims that differ from a push to `main` of acme/shop. */
  claims?: Partial<GitHubClaims>;
  /** What is wrong with the tokens. */
  badToken?: BadToken;
  /**
   * `ok`, the default; `missing` leaves out both variables, as a job without `id-token: write`; or a fault of
   * the endpoint.
   */
  tokenEndpoint?: "ok" | "missing" | TokenEndpointFault;
}

/** A faked job of GitHub's runner: its environment, its files and its token endpoint. */
export interface GitHubJob extends AsyncDisposable {
  /** Environment of the main phase, inputs not included. */
  readonly env: Record<string, string>;
  readOutputs(): Record<string, string>;
  /** What was exported to later steps. */
  readExports(): Record<string, string>;
  readState(): Record<string, string>;
  readSummary(): string;
  /** Folders added to PATH for later steps. */
  readPath(): string[];
  readMasks(stdout: string): string[];
  /** Environment variables that hold an action's inputs: upper case, spaces to `_`, hyphens kept. */
  inputsEnv(inputs: Record<string, string>): Record<string, string>;
  /** Environment of the post phase: exports applied, state as `STATE_*`, fresh command files. */
  postEnv(): Record<string, string>;
  /** Audiences that tokens were asked for, in order. */
  readonly tokenRequests: readonly (string | undefined)[];
}

const commandFiles = [
  "GITHUB_OUTPUT",
  "GITHUB_ENV",
  "GITHUB_STATE",
  "GITHUB_PATH",
  "GITHUB_STEP_SUMMARY",
] as const;
type CommandFile = (typeof commandFiles)[number];

/** Makes the empty command files of one step. */
function makeCommandFiles(folder: string): Record<CommandFile, string> {
  mkdirSync(folder, { recursive: true });
  const paths = Object.fromEntries(commandFiles.map((name) => [name, join(folder, name.toLowerCase())]));
  for (const path of Object.values(paths)) writeFileSync(path, "");
  return paths as Record<CommandFile, string>;
}

/** Starts a faked GitHub job; dispose it to close its token endpoint. */
export async function startGitHubJob(options: GitHubJobOptions): Promise<GitHubJob> {
  const claims = githubClaims(options.claims);
  const temporary = join(options.directory, "_temp");
  const workspace = join(options.directory, "workspace");
  mkdirSync(temporary, { recursive: true });
  mkdirSync(workspace, { recursive: true });
  const files = makeCommandFiles(join(temporary, "_runner_file_commands"));
  const eventPath = join(temporary, "event.json");
  const endpointMode = options.tokenEndpoint ?? "ok";
  const endpoint = await startTokenEndpoint({
    issuer: options.issuer,
    clock: options.clock,
    claims: { ...claims },
    ...(options.badToken === undefined ? {} : { bad: options.badToken }),
    ...(typeof endpointMode === "object" ? { fault: endpointMode } : {}),
  });
  const { environment, event } = jobEnvironment(claims, { temporary, workspace, eventPath });
  writeFileSync(eventPath, JSON.stringify(event));
  const env = {
    ...environment,
    ...files,
    ...(endpointMode === "missing"
      ? {}
      : {
          ACTIONS_ID_TOKEN_REQUEST_URL: endpoint.url,
          ACTIONS_ID_TOKEN_REQUEST_TOKEN: endpoint.requestToken,
        }),
  };
  const readState = (): Record<string, string> => readCommandFile(files.GITHUB_STATE);
  const readExports = (): Record<string, string> => readCommandFile(files.GITHUB_ENV);
  return {
    env,
    readOutputs: () => readCommandFile(files.GITHUB_OUTPUT),
    readExports,
    readState,
    readSummary: () => readFileSync(files.GITHUB_STEP_SUMMARY, "utf8"),
    readPath: () =>
      readFileSync(files.GITHUB_PATH, "utf8")
        .split(/\r?\n/)
        .filter((line) => line !== ""),
    readMasks: parseMasks,
    inputsEnv: (inputs) =>
      Object.fromEntries(
        Object.entries(inputs).map(([name, value]) => [
          `INPUT_${name.replaceAll(" ", "_").toUpperCase()}`,
          value,
        ]),
      ),
    postEnv: () => ({
      ...env,
      ...readExports(),
      ...makeCommandFiles(join(temporary, "_runner_file_commands_post")),
      ...Object.fromEntries(Object.entries(readState()).map(([name, value]) => [`STATE_${name}`, value])),
    }),
    tokenRequests: endpoint.requests,
    [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose](),
  };
}
