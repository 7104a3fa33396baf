import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createPlan } from "@bot-join/one-shot";
import { exportNames, outputTable, parseInputs } from "@bot-join/runner";
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

const action = parse(readFileSync(join(root, "action.yml"), "utf8")) as { inputs: Record<string, unknown> };

const workflows = yamlTexts()
  .filter(({ text }) => /^jobs:$/m.test(text))
  .map((block) => ({ where: `${block.page}:${block.line}`, workflow: parse(block.text) as Workflow }));

const isJoin = ({ uses }: Step): boolean => uses?.startsWith("teleport/bot-join@") ?? false;

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
      for (const name of Object.keys(inputs)) expect(Object.keys(action.inputs)).toContain(name);
      const parsed = parseInputs(inputs);
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
  const known = [
    ...Object.values(exportNames("default")),
    ...Object.values(exportNames("staging")),
    "TELEPORT_BOT_TOKEN",
  ];
  const inputs = Object.keys(action.inputs).map(
    (name) => `BOT_JOIN_${name.toUpperCase().replaceAll("-", "_")}`,
  );
  for (const { path, text } of pages()) {
    for (const [name] of text.matchAll(/\b(?:TELEPORT|BOT_JOIN)_[A-Z_]*[A-Z]\b/g)) {
      if (name === "BOT_JOIN_INPUT") continue;
      expect([...known, ...inputs], `${path} names it`).toContain(name);
    }
  }
});
