import { parseInputs } from "@bot-join/runner";
import { describe, expect, test } from "vitest";
import { createPlan, type PlanFacts } from "./create-plan.ts";
import { directoryOf } from "./plan-paths.ts";

const facts: PlanFacts = {
  environment: { GITHUB_ACTIONS: "true" },
  temporaryDirectory: "/tmp/runner",
  workingDirectory: "/job",
  randomName: "abc123",
};

const required = { proxy: "example.test", token: "ci" };

describe("defaults", () => {
  test("everything that was not given is filled in", async () => {
    const plan = await createPlan(parseInputs(required), facts);
    expect(plan).toMatchObject({
      proxy: { host: "example.test", port: 443 },
      joinMethod: { name: "github" },
      id: "default",
      outputs: [
        {
          type: "identity",
          destination: { kind: "directory", path: "/tmp/runner/bot-join-default-abc123" },
          roles: [],
          sshConfig: true,
          allowReissue: false,
        },
      ],
      certificateTtlMs: 3_600_000,
      keyType: "ecdsa-p256",
      exportEnv: true,
      caPins: [],
      insecure: false,
      timeoutMs: 60_000,
      attempts: 5,
      cleanup: true,
    });
  });

  test("each identity of a job has a folder of its own name", async () => {
    const plan = await createPlan(parseInputs({ ...required, id: "staging" }), facts);
    expect(directoryOf(plan.outputs[0])).toBe("/tmp/runner/bot-join-staging-abc123");
  });
});

describe("what the inputs say", () => {
  test("relative paths count from the working directory", async () => {
    const plan = await createPlan(parseInputs({ ...required, directory: "out", "ca-file": "ca.pem" }), facts);
    expect(directoryOf(plan.outputs[0])).toBe("/job/out");
    expect(plan.caFile).toBe("/job/ca.pem");
  });

  test("fips asks for RSA keys", async () => {
    expect((await createPlan(parseInputs({ ...required, fips: "true" }), facts)).keyType).toBe("rsa-2048");
  });

  test("outputs replace the one output and inherit its roles", async () => {
    const outputs = "- {type: identity, destination: a}\n- {type: identity, destination: b, roles: [x]}";
    const plan = await createPlan(parseInputs({ ...required, roles: "r1,r2", outputs }), facts);
    expect(plan.outputs.map((output) => [directoryOf(output), output.roles])).toEqual([
      ["/job/a", ["r1", "r2"]],
      ["/job/b", ["x"]],
    ]);
  });

  test.each<[string, Record<string, string>, string[]]>([
    ["those of a tbot.yaml", { roles: "r1" }, ["application in /job/app, r1"]],
    [
      "outputs before those of a tbot.yaml",
      { outputs: "- type: identity" },
      ["identity in /tmp/runner/bot-join-default-abc123, "],
    ],
    ["a directory in the place of all", { directory: "out" }, ["identity in /job/out, "]],
  ])("%s", async (_name, inputs, expected) => {
    const plan = await createPlan(parseInputs({ ...required, ...inputs }), facts, (defaults) => [
      {
        ...defaults,
        type: "application",
        appName: "grafana",
        specificTlsNaming: false,
        destination: { kind: "directory", path: "/job/app", symlinks: "try-secure" },
      },
    ]);
    expect(
      plan.outputs.map((output) => `${output.type} in ${directoryOf(output)}, ${output.roles.join()}`),
    ).toEqual(expected);
  });

  test("the join method is asked for where no platform is recognised", async () => {
    const plain = { ...facts, environment: {} };
    await expect(createPlan(parseInputs(required), plain)).rejects.toMatchObject({
      code: "ERR_RUN_JOIN_METHOD_MISSING",
    });
    const plan = await createPlan(parseInputs({ ...required, "join-method": "token" }), plain);
    expect(plan.joinMethod.name).toBe("token");
  });

  test("a bot with a data directory may come without a token, others may not", async () => {
    const { token: _, ...tokenless } = { ...required, "join-method": "token", "data-dir": "bot" };
    expect(await createPlan(parseInputs(tokenless), facts)).toMatchObject({
      token: undefined,
      dataDirectory: "/job/bot",
    });
    for (const same of ["bot", "file:///job/bot/"]) {
      const both = { ...tokenless, token: "t", "data-dir": same, directory: "./bot/" };
      await expect(createPlan(parseInputs(both), facts)).rejects.toMatchObject({
        code: "ERR_RUN_DATA_DIRECTORY",
      });
    }
    for (const other of [{ "data-dir": "memory://" }, { "join-method": "github" }]) {
      await expect(createPlan(parseInputs({ ...tokenless, ...other }), facts)).rejects.toMatchObject({
        code: "ERR_RUN_TOKEN_MISSING",
        kind: "user",
      });
    }
  });
});
