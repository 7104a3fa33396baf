import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { renderActionYml, renderDropInYml } from "./action-yml.ts";
import { dropIns } from "./drop-ins.ts";
import { inputTable } from "./inputs.ts";
import { kindRules } from "./parse-value.ts";

const file = readFileSync(new URL("../../../action.yml", import.meta.url), "utf8");

describe("action.yml", () => {
  it("is what the tables say (npm run generate)", () => {
    expect(file).toBe(renderActionYml());
  });

  it("has a key for every input and alias, each once, and no defaults of its own", () => {
    const rows = inputTable.filter(({ shellOnly }) => !shellOnly);
    const names = rows.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    const inputs = file.slice(file.indexOf("\ninputs:"), file.indexOf("\noutputs:"));
    expect([...inputs.matchAll(/^ {2}([a-z-]+):$/gm)].map((match) => match[1])).toEqual(names);
    expect(new Set(names).size).toBe(names.length);
    expect(inputs).not.toMatch(/^ {4}default:/m);
  });

  it("has the outputs of the action that it replaces", () => {
    for (const name of ["destination-dir", "identity-file", "ssh-config"])
      expect(file).toContain(`\n  ${name}:\n`);
  });
});

describe.each(dropIns)("the action.yml of $name", (dropIn) => {
  const text = readFileSync(
    new URL(`../../../actions/github/${dropIn.name}/action.yml`, import.meta.url),
    "utf8",
  );

  it("is what the tables say (npm run generate)", () => {
    expect(text).toBe(renderDropInYml(dropIn));
  });

  it("has each input once, and all that the action has which it replaces (outputs.md section 12)", () => {
    const inputs = text.slice(text.indexOf("\ninputs:"), text.indexOf("\noutputs:"));
    const names = [...inputs.matchAll(/^ {2}([a-z-]+):$/gm)].map((match) => match[1]);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining([
        "proxy",
        "token",
        "certificate-ttl",
        "anonymous-telemetry",
        "ca-pins",
        "disable-env-vars",
        ...dropIn.inputs.map(({ name }) => name),
      ]),
    );
    for (const other of ["outputs", "config", "allow-reissue", "data-dir"])
      expect(names).not.toContain(other);
  });

  it("starts a bundle that is there, and the clean-up of all", () => {
    expect(text).toContain(`\n  main: ../../../dist/${dropIn.name}.cjs\n  post: ../../../dist/cleanup.cjs\n`);
  });
});

it("a drop-in can only promise outputs that there are", () => {
  const wrong = { name: "x", description: "", type: "x", inputs: [], outputs: ["nothing"] };
  expect(() => renderDropInYml(wrong)).toThrow(TypeError);
});

describe("the input table", () => {
  it("has defaults that its own rules accept", () => {
    for (const row of inputTable.filter((definition) => definition.default !== undefined)) {
      expect(kindRules[row.kind].parse(row.default ?? "", row), row.name).toBeDefined();
    }
  });

  it("has choices where they are needed", () => {
    for (const { kind, choices } of inputTable) expect(choices !== undefined).toBe(kind === "choice");
  });
});
