import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inputTable } from "@bot-join/runner";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { packCircleci } from "../../scripts/pack/circleci.ts";
import { createPackContext } from "../../scripts/pack/context.ts";
import { blocksOf } from "../docs/pages.ts";
import { root } from "../e2e/platforms/platform-job.ts";
import { resolveJobs } from "../support/circleci-config.ts";
import {
  type Component,
  componentOf,
  isMapping,
  type Mapping,
  mappingAt,
} from "../support/circleci-parameters.ts";
import { requireTool } from "../support/tools.ts";

const source = join(root, "actions/circleci/src");
const kinds = ["commands", "jobs", "executors", "examples"] as const;

/** Beyond this, a command is to be a file of its own: the default of orb-tools. */
const maxCommandLength = 64;

interface SourceFile {
  kind: (typeof kinds)[number];
  name: string;
  text: string;
  content: Mapping;
}

const files: SourceFile[] = kinds.flatMap((kind) =>
  readdirSync(join(source, kind)).map((file) => {
    const text = readFileSync(join(source, kind, file), "utf8");
    return { kind, name: file.replace(/\.yml$/, ""), text, content: parse(text) as Mapping };
  }),
);

const header = parse(readFileSync(join(source, "@orb.yml"), "utf8")) as Mapping;

function runSteps({ content }: SourceFile): unknown[] {
  const { steps } = content;
  return Array.isArray(steps)
    ? steps.flatMap((step) => (isMapping(step) && "run" in step ? [step["run"]] : []))
    : [];
}

let packed: string;
let orb: Mapping;

beforeAll(async () => {
  const programs = new Map(["bot-join.cjs", "ssh-proxy.cjs"].map((name) => [name, Buffer.from(name)]));
  const context = createPackContext(root, programs);
  packed = String((await packCircleci(context)).get("orb.yml"));
  expect(String((await packCircleci(context)).get("orb.yml"))).toBe(packed);
  orb = parse(packed) as Mapping;
});

// RC006 and RC007 ask the network whether the addresses answer: they are checked by orb-tools when the orb is published.
describe("rules of orb-tools", () => {
  test("RC001: the orb says where its source is, RC005: and what it is for", () => {
    expect(mappingAt(header, "display")["source_url"]).toMatch(/^https:\/\//);
    expect(String(header["description"]).length).toBeGreaterThanOrEqual(64);
  });

  test("RC003: there are examples, RC004: none is called so", () => {
    const examples = files.filter(({ kind }) => kind === "examples");
    expect(examples.length).toBeGreaterThan(0);
    for (const { name } of examples) expect(name).not.toContain("example");
  });

  describe.each(files)("$kind/$name", (file) => {
    test("RC002: it has a description", () => {
      expect(String(file.content["description"] ?? "")).not.toBe("");
    });

    test("RC008: its commands have names, RC009: long ones are files", () => {
      for (const run of runSteps(file)) {
        expect(run).toMatchObject({ name: expect.stringMatching(/./), command: expect.any(String) });
        const { command } = run as { command: string };
        if (command.length > maxCommandLength) expect(command).toMatch(/^<<\s*include\(/);
      }
    });

    test("RC010: it and its parameters are in snake_case", () => {
      const names = [file.name, ...Object.keys(mappingAt(file.content, "parameters"))];
      for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    });

    test("RC012: no default with a variable is used where a variable's name is meant", () => {
      for (const { type, default: usual } of Object.values(mappingAt(file.content, "parameters")).filter(
        isMapping,
      )) {
        expect(type).not.toBe("env_var_name");
        expect(String(usual ?? "")).not.toContain("$");
      }
    });
  });

  test("RC011: examples show the version that this is", () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    const [major] = version.split(".");
    for (const { content } of files.filter(({ kind }) => kind === "examples")) {
      const named = mappingAt(mappingAt(content, "usage"), "orbs")["bot-join"];
      expect(String(named)).toMatch(new RegExp(`^teleport/bot-join@${major}\\.\\d+$`));
    }
  });
});

describe("the packed orb", () => {
  test("has every component, all includes taken in, and no marker left", () => {
    expect(orb["version"]).toBe(2.1);
    for (const { kind, name } of files) expect(Object.keys(mappingAt(orb, kind))).toContain(name);
    expect(packed).not.toMatch(/<<\s*include|@BOT_JOIN_/);
  });

  test("is small enough to be read and to be an argument of a shell", () => {
    expect(Buffer.byteLength(packed)).toBeLessThan(100_000);
  });

  const components = files.filter(({ kind }) => kind !== "examples");

  test.each(components)("$kind/$name uses what it declares, and declares what it uses", ({ kind, name }) => {
    const { parameters, body }: Component = componentOf(mappingAt(orb, kind)[name], name);
    const used = [...JSON.stringify(body).matchAll(/(?<!\\)<<\s*parameters\.(\w+)\s*>>/g)].map(
      ([, used]) => used,
    );
    expect([...new Set(used)].sort()).toEqual(Object.keys(parameters).sort());
  });

  test.each(components)("$kind/$name names no pipeline value and no other expression", ({ kind, name }) => {
    const text = JSON.stringify(mappingAt(orb, kind)[name]);
    for (const [, expression] of text.matchAll(/(?<!\\)<<([^>]*)>>/g))
      expect(expression).toMatch(/^\s*parameters\.\w+\s*$/);
  });

  test.each(files.filter(({ kind }) => kind === "examples"))("example $name resolves to jobs", ({ name }) => {
    const usage = mappingAt(mappingAt(mappingAt(orb, "examples"), name), "usage");
    const jobs = [...resolveJobs(usage, { "bot-join": orb }).values()];
    expect(jobs.length).toBeGreaterThan(0);
    for (const { images, steps } of jobs) {
      expect(images).toEqual(["cimg/node:lts"]);
      expect(steps.at(-1)).toMatchObject({ name: "Clean up after Teleport", when: "always" });
    }
  });

  test("the job runs the caller's steps between join and clean-up, the caller's own commands among them", () => {
    const config: Mapping = {
      commands: { greet: { steps: [{ run: "echo hello" }] } },
      workflows: {
        all: { jobs: [{ "bot-join/run": { proxy: "p", token: "t", checkout: false, steps: ["greet"] } }] },
      },
    };
    const job = resolveJobs(config, { "bot-join": orb }).get("bot-join/run");
    expect(job?.steps.map(({ name }) => name)).toEqual([
      "Join Teleport",
      "echo hello",
      "Clean up after Teleport",
    ]);
  });

  test.each<[Mapping, RegExp]>([
    [{ token: "t" }, /proxy is required/],
    [{ proxy: "p", token: "t", retry: 3 }, /no parameter retry/],
    [{ proxy: "p", token: "t", retries: "many" }, /retries is no integer/],
    [{ proxy: "p", token: "t", debug: "yes" }, /debug is no boolean/],
  ])("refuses %j", (given, message) => {
    const steps = [{ "bot-join/join": given }];
    const config: Mapping = { jobs: { deploy: { steps } }, workflows: { all: { jobs: ["deploy"] } } };
    expect(() => resolveJobs(config, { "bot-join": orb })).toThrow(message);
  });
});

describe("docs/circleci.md", () => {
  const path = "docs/circleci.md";
  const blocks = blocksOf({ path, text: readFileSync(join(root, path), "utf8") }).filter(
    ({ language }) => language === "yaml",
  );
  const configs = blocks.filter(({ text }) => text.startsWith("version: 2.1"));

  test("shows the files of examples/circleci as they are", () => {
    for (const file of [".circleci/config.yml", "resources.yaml"]) {
      const text = readFileSync(join(root, "examples/circleci", file), "utf8");
      expect(blocks.map((block) => block.text)).toContain(text);
    }
    expect(configs).toHaveLength(blocks.length - 1);
  });

  test.each(configs)("line $line: a config whose jobs resolve with the packed orb", ({ text }) => {
    const config = parse(text) as Mapping;
    expect(mappingAt(config, "orbs")).toEqual({ "bot-join": "teleport/bot-join@1.0" });
    const jobs = [...resolveJobs(config, { "bot-join": orb }).values()];
    expect(jobs.map(({ steps }) => steps.at(-1)?.name)).toEqual(["Clean up after Teleport"]);
  });
});

describe("parameters of join", () => {
  const { parameters, body } = componentOf(
    files.find(({ kind, name }) => kind === "commands" && name === "join")?.content,
    "join",
  );
  const snake = (name: string): string => name.replaceAll("-", "_");

  /** Inputs that no parameter stands for: secrets have no place in a config, and the token comes from the platform. */
  const variablesOnly = ["join-method", "id-token", "id-token-file", "id-token-command", "id-token-variable"];
  const inputs = inputTable.filter(
    ({ name, gitHubOnly, shellOnly }) => !gitHubOnly && !shellOnly && !variablesOnly.includes(name),
  );

  test("are the inputs, and where the program is downloaded from", () => {
    expect(Object.keys(parameters).sort()).toEqual(
      [...inputs.map(({ name }) => snake(name)), "download_url"].sort(),
    );
  });

  test.each(inputs)(
    "$name has the input's default and a type that can hold it",
    ({ name, kind, default: usual }) => {
      const parameter = parameters[snake(name)];
      expect(parameter?.type).toBe(kind === "boolean" || kind === "integer" ? kind : "string");
      if (parameter?.default !== undefined) expect(String(parameter.default)).toBe(usual ?? "");
      expect(parameter?.description).toMatch(/\.$/);
    },
  );

  test("all reach the script, each under its name, and the script reads them all", () => {
    const [step] = body["steps"] as { run: { environment: Record<string, string> } }[];
    const environment = Object.entries(step?.run.environment ?? {}).filter(([name]) => name !== "BJ_COMMAND");
    for (const [variable, value] of environment) {
      const parameter = variable.replace(/^BJ_(STR|RAW)_/, "").toLowerCase();
      expect(value).toBe(`<< parameters.${parameter} >>`);
    }
    expect(environment).toHaveLength(Object.keys(parameters).length);
    const script = readFileSync(join(source, "scripts/step.sh"), "utf8");
    const lists = [...script.matchAll(/^for bj_name in ([\sA-Z_\\]+); do$/gm)].map(([, names = ""]) =>
      names.split(/[\s\\]+/).filter((name) => name !== ""),
    );
    const prefixes = ["BJ_STR_", "BJ_RAW_"];
    const read = lists.flatMap((names, index) => names.map((name) => `${prefixes[index]}${name}`));
    expect(read.sort()).toEqual(environment.map(([name]) => name).sort());
  });
});

test("shellcheck finds nothing in the script of the packed orb", (context) => {
  const shellcheck = requireTool(context, "shellcheck");
  for (const [name, command] of Object.entries(mappingAt(orb, "commands"))) {
    const { steps } = command as { steps: { run: { command: string } }[] };
    const script = (steps[0]?.run.command ?? "").replaceAll("\\<<", "<<");
    // Comments, and with them exceptions, are not packed: those that the source gives reasons for stand here.
    const args = ["-s", "sh", "-e", "SC1090,SC2016,SC2154", "-"];
    expect(execFileSync(shellcheck, args, { input: `set -eu\n${script}\n`, encoding: "utf8" }), name).toBe(
      "",
    );
  }
});
