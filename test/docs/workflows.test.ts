import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createPlan } from "@bot-join/one-shot";
import { exportNames, findDropIn, inputTable, outputTable, parseInputs } from "@bot-join/runner";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { pages, root, yamlTexts } from "./pages.ts";

interface Step {
  id?: string;
  uses?: string;
  with?: Record<string, unknown>;
  run?: string;
  env?: Record<string, string>;
}

interface Job {
  permissions?: Record<string, string>;
  steps: Step[];
}

interface Workflow {
  permissions?: Record<string, string>;
  jobs: Record<string, Job>;
}

/** Inputs of the root action, or of the one in a folder of the repository. */
function actionIn(folder: string): { inputs: Record<string, unknown> } {
  return parse(readFileSync(join(root, folder, "action.yml"), "utf8"));
}

const workflows = yamlTexts()
  // Other platforms have jobs as well.
  .filter(({ text }) => /^on:/m.test(text) && /^jobs:$/m.test(text))
  .map((block) => ({ where: `${block.page}:${block.line}`, workflow: parse(block.text) as Workflow }));

/** A join is the root action, or one of the drop-ins. */
const joinPattern = /^teleport\/bot-join(?:\/(actions\/github\/(auth-k8s|auth-application|database)))?@/;

const isJoin = ({ uses = "" }: Step): boolean => joinPattern.test(uses);

function inputsOf(step: Step): Record<string, string> {
  return Object.fromEntries(Object.entries(step.with ?? {}).map(([name, value]) => [name, String(value)]));
}

test("there are workflows to look at", () => {
  expect(workflows.length).toBeGreaterThan(5);
});

describe.each(workflows)("the workflow of $where", ({ workflow }) => {
  const jobs = Object.values(workflow.jobs);
  const joins = jobs.flatMap(({ steps }) => steps).filter(isJoin);

  test("joins in a job that may ask for an ID token", () => {
    expect(joins.length).toBeGreaterThan(0);
    for (const { permissions, steps } of jobs) {
      if (steps.some(isJoin)) {
        expect({ ...(permissions ?? workflow.permissions) }).toMatchObject({ "id-token": "write" });
      }
    }
  });

  test("uses inputs that action.yml has, with values that make a plan", async () => {
    for (const step of joins) {
      const inputs = inputsOf(step);
      const [, folder = ".", dropIn] = joinPattern.exec(step.uses ?? "") ?? [];
      for (const name of Object.keys(inputs)) expect(Object.keys(actionIn(folder).inputs)).toContain(name);
      const { config } = inputs;
      if (config !== undefined) {
        // test/e2e/config.test.ts joins with it.
        expect(existsSync(join(root, "examples/outputs", config))).toBe(true);
        continue;
      }
      const parsed = parseInputs(inputs, dropIn === undefined ? undefined : findDropIn(dropIn));
      expect(parsed.notices).toEqual([]);
      const plan = await createPlan(parsed, {
        environment: { GITHUB_ACTIONS: "true" },
        temporaryDirectory: "/tmp",
        workingDirectory: "/work",
        randomName: "0",
      });
      expect(plan.joinMethod.name).toBe("github");
    }
  });

  test("uses outputs and variables that its joins make", () => {
    const variables = joins.flatMap((step) => Object.values(exportNames(inputsOf(step)["id"] ?? "default")));
    const ids = joins.map(({ id }) => id);
    for (const { steps } of jobs) {
      for (const { run = "", env = {} } of steps) {
        for (const [, name] of run.matchAll(/\$\{?((?:TELEPORT|BOT_JOIN)_\w+)/g)) {
          expect(variables).toContain(name);
        }
        for (const [, id, output] of JSON.stringify([run, env]).matchAll(
          /steps\.([\w-]+)\.outputs\.([\w-]+)/g,
        )) {
          expect(ids).toContain(id);
          expect(outputTable.map(({ name }) => name)).toContain(output);
        }
      }
    }
  });
});

test("the pages name no variable that nobody exports or reads", () => {
  const shellCore = readFileSync(join(root, "actions/shell/bot-join.sh"), "utf8");
  const known = [
    ...Object.values(exportNames("default")),
    ...["backup", "staging"].flatMap((id) => Object.values(exportNames(id))),
    "TELEPORT_BOT_TOKEN",
    ...inputTable.map(({ name }) => `BOT_JOIN_${name.toUpperCase().replaceAll("-", "_")}`),
    ...new Set(shellCore.match(/\bBOT_JOIN_[A-Z_]*[A-Z]\b/g)),
    // The line that ends a pasted input of env0's plugin.
    "BOT_JOIN_END_OF_INPUT",
  ];
  for (const { path, text } of pages()) {
    for (const [name] of text.matchAll(/\b(?:TELEPORT|BOT_JOIN)_[A-Z_]*[A-Z]\b/g)) {
      if (name === "BOT_JOIN_INPUT") continue;
      expect(known, `${path} names it`).toContain(name);
    }
  }
});
