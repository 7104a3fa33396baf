import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { OneShotError } from "./errors.ts";
import { parseOutputs } from "./outputs-input.ts";
import type { PlannedOutput } from "./plan.ts";

const defaults: PlannedOutput = {
  directory: "/job/default",
  roles: ["from-input"],
  cluster: undefined,
  allowReissue: false,
  sshConfig: true,
};

const absolute = (path: string): string => resolve("/job", path);
const parse = (text: string): PlannedOutput[] => parseOutputs(text, defaults, absolute);

function problemsOf(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(OneShotError);
    expect((error as OneShotError).code).toBe("ERR_RUN_OUTPUTS_INPUT");
    return (error as OneShotError).details["problems"] as string[];
  }
  return [];
}

describe("outputs that are accepted", () => {
  test("the shortest one takes everything from the other inputs", () => {
    expect(parse("- type: identity")).toEqual([defaults]);
  });

  test("every key of tbot's identity output has its effect", () => {
    const text = `
- type: identity
  destination: {type: directory, path: out/a, symlinks: try-secure, acls: off}
  roles: [deploy, audit]
  cluster: leaf.test
  allow_reissue: true
  ssh_config: off
- type: identity
  destination: /abs/b
`;
    expect(parse(text)).toEqual([
      {
        directory: "/job/out/a",
        roles: ["deploy", "audit"],
        cluster: "leaf.test",
        allowReissue: true,
        sshConfig: false,
      },
      { ...defaults, directory: "/abs/b" },
    ]);
  });
});

describe("outputs that are refused", () => {
  test.each<[name: string, text: string, problem: RegExp]>([
    ["no list", "type: identity", /^line 1, column 1: a list is wanted/],
    ["an empty list", "[]", /a list is wanted/],
    ["no mapping", "- identity", /^line 1, column 3: an output is a mapping/],
    [
      "a type that comes later",
      "- type: kubernetes\n  kubernetes_cluster: prod",
      /^line 1, column 9: outputs of type kubernetes come with a later release/,
    ],
    ["an unknown type", "- type: idenity", /unknown output type "idenity"/],
    [
      "a misspelt key",
      "- type: identity\n  role: [a]",
      /^line 2, column 3: unknown key "role"; did you mean roles\?/,
    ],
    [
      "roles that are no list",
      "- type: identity\n  roles: deploy",
      /^line 2, column 10: roles must be a list of texts/,
    ],
    ["a role that is no text", "- type: identity\n  roles: [1]", /roles must be a list of texts/],
    [
      "a boolean in another spelling",
      "- type: identity\n  allow_reissue: yes",
      /allow_reissue must be true or false/,
    ],
    [
      "ssh_config in another spelling",
      "- type: identity\n  ssh_config: maybe",
      /ssh_config must be on or off/,
    ],
    [
      "a destination that is not a directory",
      "- type: identity\n  destination: {type: kubernetes_secret, name: x}",
      /unknown key "name"/,
    ],
    [
      "a memory destination",
      "- type: identity\n  destination: {type: memory}",
      /destinations of type memory are not possible/,
    ],
    ["a directory without a path", "- type: identity\n  destination: {type: directory}", /needs a path/],
    [
      "a second output without a destination",
      "- type: identity\n- type: identity",
      /only the first may leave it out/,
    ],
    [
      "two outputs in one place",
      "- {type: identity, destination: /a}\n- {type: identity, destination: /a}",
      /two outputs have the same destination \/a/,
    ],
    ["YAML that cannot be read", "- type: [identity", /^line \d+, column \d+: /],
    ["a key given twice", "- type: identity\n  type: identity", /unique/],
  ])("%s", (_name, text, problem) => {
    const problems = problemsOf(text);
    expect(
      problems.some((line) => problem.test(line)),
      problems.join("\n"),
    ).toBe(true);
  });

  test("all problems are told at once", () => {
    expect(
      problemsOf("- type: database\n- type: identity\n  rols: [a]\n  destination: {type: memory}"),
    ).toHaveLength(3);
  });

  test("a text over 256 KiB is refused without being read", () => {
    expect(problemsOf(`- type: identity # ${"x".repeat(300_000)}`)).toEqual(["it is longer than 256 KiB"]);
  });
});
