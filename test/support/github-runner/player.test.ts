import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempDir } from "../temp-dir.ts";
import { type PlayedJob, playWorkflow } from "./player.ts";

/** An action's files: programs in JavaScript, `append(FILE, text)` at hand. */
interface Action {
  main: string;
  post?: string;
}

const lead = `const { appendFileSync } = require("node:fs");
const append = (file, text) => appendFileSync(process.env[file], text);
const show = (...names) => console.log(names.map((name) => process.env[name] ?? "unset").join(" "));
`;

const tokenVariables = {
  ACTIONS_ID_TOKEN_REQUEST_URL: "https://token.test/",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "request",
};

/** Plays steps, given as YAML, with the root action and those of sub-folders made of these programs. */
async function play(
  steps: string,
  actions: Record<string, Action> = {},
  { above = "", jobAbove = "" } = {},
): Promise<PlayedJob & { commandFolders: number }> {
  using folder = tempDir();
  const path = (name: string): string => join(folder.path, name);
  for (const name of ["temp", "workspace", "action"]) mkdirSync(path(name));
  for (const [name, { main, post }] of Object.entries(actions)) {
    mkdirSync(path(join("action", name)), { recursive: true });
    const write = (file: string, text: string): void => writeFileSync(path(join("action", name, file)), text);
    write("main.cjs", lead + main);
    if (post !== undefined) write("post.cjs", lead + post);
    write(
      "action.yml",
      `inputs:\n  certificate-ttl:\n    default: 1h\n  text: {}\nruns:\n  using: node24\n  main: main.cjs\n${post === undefined ? "" : "  post: post.cjs\n"}`,
    );
  }
  const indented = steps.trim().replaceAll("\n", "\n      ");
  const played = await playWorkflow({
    workflow: `${above}\njobs:\n  one:\n    runs-on: ubuntu-latest\n${jobAbove}    steps:\n      ${indented}\n`,
    github: {
      env: { GITHUB_WORKSPACE: path("workspace"), RUNNER_TEMP: path("temp"), ...tokenVariables },
      inputsEnv: (inputs) =>
        Object.fromEntries(
          Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
        ),
    },
    temporary: path("temp"),
    actionRoot: path("action"),
    node: process.execPath,
  });
  return { ...played, commandFolders: readdirSync(path("temp/_runner_file_commands")).length };
}

const join_ = "- uses: teleport/bot-join@v1";

test("variables, outputs and PATH reach later steps, and not their own; values may have several lines", async () => {
  const { failed, steps, log, commandFolders } = await play(
    `- id: first
  run: |
    printf 'A=one=1\\nB<<END\\ntwo\\n  lines=2\\nEND\\n' >> "$GITHUB_ENV"
    printf 'where<<E\\nx\\ny\\nE\\n' >> "$GITHUB_OUTPUT"
    echo "$GITHUB_WORKSPACE/bin" >> "$GITHUB_PATH"
    mkdir bin && printf '#!/bin/sh\\necho from PATH\\n' > bin/tool && chmod +x bin/tool
    echo "own: [$A]"
- run: |
    echo "later: [$A][$B][$OUT]"; tool; test ! -s "$GITHUB_ENV" && test ! -s "$GITHUB_OUTPUT"
  env:
    OUT: \${{ steps.first.outputs.where }}`,
  );
  expect(failed, log.text).toBe(false);
  expect(log.text).toContain("own: []");
  expect(log.text).toContain("later: [one=1][two\n  lines=2][x\ny]\nfrom PATH");
  expect(steps[0]).toMatchObject({
    exports: { A: "one=1", B: "two\n  lines=2" },
    outputs: { where: "x\ny" },
  });
  expect(commandFolders).toBe(2);
});

test("a step's own variables stand above exported ones, and these above those of job and workflow", async () => {
  const { log } = await play(
    `- run: printf 'A=exported\\nB=exported\\nC=exported\\n' >> "$GITHUB_ENV"
- uses: teleport/bot-join@v1
  env:
    A: own`,
    { "": { main: 'show("A", "B", "C", "D");', post: 'show("A", "B", "C", "D");' } },
    { above: "env:\n  C: workflow\n  D: workflow", jobAbove: "    env:\n      B: job\n" },
  );
  expect(log.text.match(/^own exported exported workflow$/gm)).toHaveLength(2);
});

test("inputs: hyphens stay, defaults are filled in, an unknown one is passed on with a warning", async () => {
  const { failed, log } = await play(`${join_}\n  with:\n    Text: a b\n    txet: c`, {
    "": { main: 'show("INPUT_CERTIFICATE-TTL", "INPUT_TEXT", "INPUT_TXET");' },
  });
  expect(failed).toBe(false);
  expect(log.text).toContain("warning: Unexpected input(s) 'txet'");
  expect(log.text).toContain("1h a b c");
});

test("post steps run last, in reverse, each with its own state and what was exported since", async () => {
  const post = 'show("STATE_name", "INPUT_TEXT", "SINCE");';
  const action = { main: 'append("GITHUB_STATE", "name=state of " + process.env.INPUT_TEXT + "\\n");', post };
  const { steps, log } = await play(
    `${join_}
  with: { text: one }
- uses: teleport/bot-join/sub@v1
  with: { text: two }
- run: echo SINCE=then >> "$GITHUB_ENV"; echo "no state [$STATE_name]"`,
    { "": action, sub: action },
  );
  expect(steps.map(({ phase, what }) => `${phase} ${what}`)).toEqual([
    "main teleport/bot-join@v1",
    "main teleport/bot-join/sub@v1",
    "main run",
    "post teleport/bot-join/sub@v1",
    "post teleport/bot-join@v1",
  ]);
  expect(log.text).toMatch(/no state \[\][\s\S]*state of two two then\s+state of one one then/);
});

test("after a failing main its post runs, later steps do not but those that ask for it, and the job has failed", async () => {
  const { failed, steps, log } = await play(
    `${join_}
- run: echo not reached
- if: failure()
  run: echo told
- if: \${{ always() }}
  run: echo always
- uses: teleport/bot-join/never@v1`,
    {
      "": { main: 'append("GITHUB_STATE", "a=1\\n"); process.exitCode = 1;', post: 'show("STATE_a");' },
      never: { main: "", post: "console.log('never')" },
    },
  );
  expect(failed).toBe(true);
  expect(steps.map(({ phase, failed: bad }) => [phase, bad])).toEqual([
    ["main", true],
    ["main", false],
    ["main", false],
    ["post", false],
  ]);
  expect(log.text).toMatch(/^\s*told\s+always\s+1\s*$/);
});

test("a failing post step fails the job", async () => {
  const { failed } = await play(join_, { "": { main: "", post: "process.exitCode = 1;" } });
  expect(failed).toBe(true);
});

test.each([
  ["NODE_OPTIONS", 'append("GITHUB_ENV", "NODE_OPTIONS=--require=x\\n");', "NODE_OPTIONS"],
  ["a line that is no entry", 'append("GITHUB_ENV", "A=1\\nnothing\\n");', "neither"],
  ["a heredoc without its end", 'append("GITHUB_OUTPUT", "a<<END\\nb\\n");', "never comes"],
])("the step fails for %s, and its state is kept for the post step", async (_what, main, text) => {
  const { failed, steps, log } = await play(`${join_}\n- run: echo not reached`, {
    "": { main: `${main} append("GITHUB_STATE", "kept=yes\\n");`, post: 'show("STATE_kept");' },
  });
  expect(failed).toBe(true);
  expect(steps[0]).toMatchObject({ failed: true, result: { status: 0 } });
  expect(log.text).toMatch(new RegExp(`error: Unable to process the file command.*${text}[^]*\\nyes\\s*$`));
  expect(log.text).not.toContain("not reached");
});

test("nobody takes a variable of the runner", async () => {
  const { log } = await play(
    `- run: echo RUNNER_TEMP=/elsewhere >> "$GITHUB_ENV"\n- run: case "$RUNNER_TEMP" in /elsewhere) echo taken;; *) echo kept;; esac`,
  );
  expect(log.text.trim()).toBe("kept");
});

test.each([
  ["none at all", "", "", "unset"],
  ["the workflow's", "permissions:\n  id-token: write", "", "https://token.test/"],
  ["write-all", "permissions: write-all", "", "https://token.test/"],
  ["read-all", "permissions: read-all", "", "unset"],
  [
    "the job's instead",
    "permissions:\n  id-token: write",
    "    permissions:\n      contents: read\n",
    "unset",
  ],
])("the token endpoint follows the permissions: %s", async (_what, above, jobAbove, shown) => {
  const { log } = await play(
    join_,
    { "": { main: 'show("ACTIONS_ID_TOKEN_REQUEST_URL");' } },
    { above, jobAbove },
  );
  expect(log.text.trim()).toBe(shown);
});

test.each([
  ["a key of a step", "- run: echo\n  continue-on-error: true", "continue-on-error"],
  ["a condition", "- run: echo\n  if: github.ref == 'x'", "condition"],
  ["an action", "- uses: actions/cache@v4", "actions/cache"],
  ["an expression", `- run: echo \${{ format('x') }}`, "format"],
])("what the player does not know is an error: %s", async (_what, steps, text) => {
  await expect(play(steps)).rejects.toThrow(text);
});
