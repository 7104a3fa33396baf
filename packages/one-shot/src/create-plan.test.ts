import { parseInputs } from "@bot-join/runner";
import { describe, expect, test } from "vitest";
import { createPlan, type PlanFacts } from "./create-plan.ts";

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
        { directory: "/tmp/runner/bot-join-default-abc123", roles: [], sshConfig: true, allowReissue: false },
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
    expect(plan.outputs[0].directory).toBe("/tmp/runner/bot-join-staging-abc123");
  });
});

describe("what the inputs say", () => {
  test("relative paths count from the working directory", async () => {
    const plan = await createPlan(parseInputs({ ...required, directory: "out", "ca-file": "ca.pem" }), facts);
    expect(plan.outputs[0].directory).toBe("/job/out");
    expect(plan.caFile).toBe("/job/ca.pem");
  });

  test("fips asks for RSA keys", async () => {
    expect((await createPlan(parseInputs({ ...required, fips: "true" }), facts)).keyType).toBe("rsa-2048");
  });

  test("outputs replace the one output and inherit its roles", async () => {
    const outputs = "- {type: identity, destination: a}\n- {type: identity, destination: b, roles: [x]}";
    const plan = await createPlan(parseInputs({ ...required, roles: "r1,r2", outputs }), facts);
    expect(plan.outputs.map(({ directory, roles }) => [directory, roles])).toEqual([
      ["/job/a", ["r1", "r2"]],
      ["/job/b", ["x"]],
    ]);
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
    for (const other of [{ "data-dir": "memory://" }, { "join-method": "github" }]) {
      await expect(createPlan(parseInputs({ ...tokenless, ...other }), facts)).rejects.toMatchObject({
        code: "ERR_RUN_TOKEN_MISSING",
        kind: "user",
      });
    }
  });
});
