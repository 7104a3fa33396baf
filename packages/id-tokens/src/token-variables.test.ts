import { Secret } from "@bot-join/core";
import { describe, expect, it } from "vitest";
import { fetchIdToken } from "./fetch-id-token.ts";
import { createSpacelift } from "./spacelift.ts";
import { createTestDeps, everythingOf, failureOf, findLeaks, makeToken } from "./testing.ts";
import type { IdTokenRequest } from "./types.ts";

const org = "0b6f3b8a-2f8e-4b35-9d10-5f7c2d9a1e44";

/** What each platform that hands its token over in a variable sets in a job, and what it says of a missing token. */
const cases = [
  {
    method: "gitlab",
    variable: "TBOT_GITLAB_JWT",
    job: { GITLAB_CI: "true", CI_JOB_NAME: "deploy-prod" },
    claims: { iss: "https://gitlab.com", aud: "teleport.example.com" },
    lines: [
      "Add to .gitlab-ci.yml, at the job or under default:",
      "  deploy-prod:",
      "    id_tokens:",
      "      TBOT_GITLAB_JWT:",
      "        aud: <name of the cluster>",
    ],
  },
  {
    method: "circleci",
    variable: "CIRCLE_OIDC_TOKEN",
    job: { CIRCLECI: "true", CIRCLE_JOB: "deploy" },
    claims: { iss: `https://oidc.circleci.com/org/${org}`, aud: org },
    lines: ["        - deploy:", "            context: [<any context>]"],
  },
  {
    method: "bitbucket",
    variable: "BITBUCKET_STEP_OIDC_TOKEN",
    job: { BITBUCKET_BUILD_NUMBER: "3" },
    claims: {
      iss: "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
      aud: "ari:cloud:bitbucket::workspace/f1e2",
    },
    lines: ["Add to the step in bitbucket-pipelines.yml:", "  - step:", "      oidc: true"],
  },
  {
    method: "spacelift",
    variable: "SPACELIFT_OIDC_TOKEN",
    job: { TF_VAR_spacelift_run_id: "1", TF_VAR_spacelift_stack_id: "s" },
    claims: { iss: "https://acme.app.spacelift.io", aud: "acme.app.spacelift.io" },
    lines: [
      "Spacelift sets it in every run of a paid account, public and private workers alike: no line turns it on.",
    ],
  },
  {
    method: "env0",
    variable: "ENV0_OIDC_TOKEN",
    job: { ENV0_ENVIRONMENT_ID: "1", ENV0_PROJECT_ID: "2" },
    claims: { iss: "https://login.app.env0.com/", aud: ["https://prod.env0.com"] },
    lines: ["  [x] Enable OIDC during deployments"],
  },
  {
    method: "terraform_cloud",
    variable: "TFC_WORKLOAD_IDENTITY_TOKEN",
    job: { TFC_RUN_ID: "run-1" },
    claims: { iss: "https://app.terraform.io", aud: "teleport.example.com" },
    lines: [
      "  TFC_WORKLOAD_IDENTITY_AUDIENCE = <audience of the token resource, else the name of the cluster>",
    ],
  },
];

function requestOf(joinMethod: string, platform: IdTokenRequest["platform"]): IdTokenRequest {
  return { platform, audience: "", joinMethod };
}

describe.each(cases)("$method", ({ method, variable, job, claims, lines }) => {
  const token = makeToken(claims);

  it.each([
    ["as it is", token],
    ["with white space around", ` ${token}\n`],
  ])("takes its variable, %s, masked before it is looked into", async (_name, text) => {
    const deps = createTestDeps();
    const result = await fetchIdToken(requestOf(method, { ...job, [variable]: text }), deps);
    expect(result.token.reveal()).toBe(token);
    expect(result.claims["iss"]).toBe(claims.iss);
    expect(result.source).toContain(variable);
    expect(deps.secrets).toEqual([token]);
    expect(deps.log).toEqual([]);
  });

  it.each([
    ["missing", undefined],
    ["empty", ""],
    ["blank", " \n"],
  ])("explains one that is %s", async (_name, text) => {
    const error = await failureOf(
      fetchIdToken(requestOf(method, { ...job, [variable]: text }), createTestDeps()),
    );
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_NOT_CONFIGURED", kind: "user" });
    expect(error.message).toContain(`the variable ${variable} is missing or empty`);
    const hint = ((error as { hint?: string }).hint ?? "").split("\n");
    expect(hint).toEqual(expect.arrayContaining(lines));
  });

  it("says that it is not that platform", async () => {
    const bare = await failureOf(fetchIdToken(requestOf(method, {}), createTestDeps()));
    expect(bare).toMatchObject({ code: "ERR_IDTOKEN_NOT_ON_PLATFORM" });
    expect(bare.message).toContain("nothing looks like");
    const pod = { KUBERNETES_SERVICE_HOST: "10.0.0.1" };
    const other = await failureOf(fetchIdToken(requestOf(method, pod), createTestDeps()));
    expect(other).toMatchObject({
      code: "ERR_IDTOKEN_NOT_ON_PLATFORM",
      message: expect.stringContaining("seems to run on Kubernetes: KUBERNETES_SERVICE_HOST is set"),
      hint: expect.stringMatching(/^Set join-method to kubernetes/),
    });
  });

  it.each([
    ["malformed", "hunter2-not-a-token-at-all", "ERR_IDTOKEN_MALFORMED"],
    ["cut off", token.slice(0, 60), "ERR_IDTOKEN_MALFORMED"],
    ["expired", makeToken({ ...claims, exp: 1 }), "ERR_IDTOKEN_EXPIRED"],
    ["of the future", makeToken({ ...claims, nbf: 4e9 }), "ERR_IDTOKEN_NOT_YET_VALID"],
    ["of another platform", makeToken({ iss: "https://accounts.google.com" }), "ERR_IDTOKEN_ISSUER_MISMATCH"],
  ])("refuses one that is %s, without a trace of it", async (_name, text, code) => {
    const deps = createTestDeps();
    const error = await failureOf(fetchIdToken(requestOf(method, { ...job, [variable]: text }), deps));
    expect(error).toMatchObject({ code });
    expect(error.message).toContain(variable);
    expect(deps.secrets).toEqual([text]);
    expect(findLeaks(text, everythingOf(error), ...deps.log)).toEqual([]);
  });

  it("refuses one for another audience than the input says", async () => {
    const request = { ...requestOf(method, { ...job, [variable]: token }), audience: "elsewhere" };
    expect(await failureOf(fetchIdToken(request, createTestDeps()))).toMatchObject({
      code: "ERR_IDTOKEN_AUDIENCE_MISMATCH",
      message: expect.stringContaining('needs the audience "elsewhere"'),
    });
  });

  it("is passed over for a token that the inputs name", async () => {
    const own = makeToken({ ...claims, sub: "own" });
    const request = {
      ...requestOf(method, { ...job, [variable]: token }),
      given: { idToken: new Secret(own) },
    };
    expect((await fetchIdToken(request, createTestDeps())).claims["sub"]).toBe("own");
  });

  it("keeps hostile names from becoming lines or commands", async () => {
    const hostile = "x\n::add-mask::y ##vso[task.setvariable variable=a]b\n##[set-env]$(id)'\"";
    const names = Object.fromEntries(
      ["CI_JOB_NAME", "CI_CONFIG_PATH", "CIRCLE_JOB", "TERRAFORM_WORKLOAD_IDENTITY_AUDIENCE_TAG"].map(
        (name) => [name, hostile],
      ),
    );
    const error = await failureOf(fetchIdToken(requestOf(method, { ...job, ...names }), createTestDeps()));
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_NOT_CONFIGURED" });
    expect(findLeaks(token, error.message, String((error as { hint?: string }).hint))).toEqual([]);
  });
});

describe("id-token-variable", () => {
  const here = makeToken({ aud: "here.example.com" });
  const there = makeToken({ aud: "there.example.com" });
  const platform = { A_JWT: here, B_JWT: there, EMPTY: " ", CI_JOB_NAME: "deploy", GITLAB_CI: "true" };

  it.each([
    ["the only one", ["B_JWT"], "", there],
    ["the first", ["A_JWT", "B_JWT"], "", here],
    ["the first that is filled in", ["NONE", "EMPTY", "B_JWT"], "", there],
    ["the one for the audience", ["A_JWT", "B_JWT"], "there.example.com", there],
  ])("takes %s, on any platform", async (_name, idTokenVariables, audience, token) => {
    for (const joinMethod of ["gitlab", "some_method", "kubernetes"]) {
      const deps = createTestDeps();
      const result = await fetchIdToken(
        { platform, audience, joinMethod, given: { idTokenVariables } },
        deps,
      );
      expect(result.token.reveal()).toBe(token);
      expect(deps.secrets).toEqual([token]);
    }
  });

  it("says what the audience is when none is for the wanted one", async () => {
    const request = { platform, audience: "x", joinMethod: "gitlab", given: { idTokenVariables: ["A_JWT"] } };
    expect(await failureOf(fetchIdToken(request, createTestDeps()))).toMatchObject({
      code: "ERR_IDTOKEN_AUDIENCE_MISMATCH",
      message: expect.stringContaining('from the variable A_JWT is for "here.example.com"'),
    });
  });

  it("is named in the lines that GitLab's configuration lacks", async () => {
    const request = {
      platform,
      audience: "a.example.com",
      joinMethod: "gitlab",
      given: { idTokenVariables: ["MY_JWT"] },
    };
    expect(await failureOf(fetchIdToken(request, createTestDeps()))).toMatchObject({
      code: "ERR_IDTOKEN_NOT_CONFIGURED",
      hint: expect.stringContaining("  deploy:\n    id_tokens:\n      MY_JWT:\n        aud: a.example.com\n"),
    });
  });

  it("that is empty on another platform is an error of its own", async () => {
    const request = {
      platform,
      audience: "",
      joinMethod: "bitbucket",
      given: { idTokenVariables: ["MY_JWT", "EMPTY"] },
    };
    expect(await failureOf(fetchIdToken(request, createTestDeps()))).toMatchObject({
      code: "ERR_IDTOKEN_VARIABLE_MISSING",
      message: expect.stringContaining("MY_JWT, EMPTY (id-token-variable)"),
    });
  });
});

describe("GitLab", () => {
  const gitlab = { GITLAB_CI: "true", CI_SERVER_URL: "https://gitlab.com" };
  const hintFor = async (platform: Record<string, string>): Promise<string> => {
    const error = await failureOf(
      fetchIdToken(requestOf("gitlab", { ...gitlab, ...platform }), createTestDeps()),
    );
    return String((error as { hint?: string }).hint);
  };

  it.each(["CI_JOB_JWT", "CI_JOB_JWT_V1", "CI_JOB_JWT_V2"])(
    "explains the legacy %s and does not use it",
    async (name) => {
      const token = makeToken({ iss: "https://gitlab.com", aud: "https://gitlab.com" });
      const hint = await hintFor({ [name]: token });
      expect(hint).toContain(`${name} is there, but is not used`);
      expect(hint).not.toContain("id-token-variable");
      expect(findLeaks(token, hint)).toEqual([]);
    },
  );

  it("finds an ID token that has another name", async () => {
    const token = makeToken({ iss: "https://gitlab.com", aud: "teleport.example.com" });
    const hint = await hintFor({
      VAULT_JWT: token,
      OTHER: makeToken({ iss: "https://elsewhere.example" }),
      PLAIN: "eyJ",
    });
    expect(hint).toContain("VAULT_JWT holds an ID token: if it is meant, set id-token-variable: VAULT_JWT.");
    expect(hint).not.toMatch(/OTHER|PLAIN/);
    expect(findLeaks(token, hint)).toEqual([]);
  });
});

describe("HCP Terraform", () => {
  const tag = { TFC_RUN_ID: "run-1", TERRAFORM_WORKLOAD_IDENTITY_AUDIENCE_TAG: "prod" };

  it("takes the token of the tag, and only that", async () => {
    const token = makeToken({ iss: "https://app.terraform.io" });
    const platform = {
      ...tag,
      TFC_WORKLOAD_IDENTITY_TOKEN_PROD: token,
      TFC_WORKLOAD_IDENTITY_TOKEN: makeToken(),
    };
    const result = await fetchIdToken(requestOf("terraform_cloud", platform), createTestDeps());
    expect(result.token.reveal()).toBe(token);
  });

  it("names the tagged variables when it is missing", async () => {
    const platform = { ...tag, TFC_WORKLOAD_IDENTITY_TOKEN: makeToken() };
    const error = await failureOf(fetchIdToken(requestOf("terraform_cloud", platform), createTestDeps()));
    expect(error).toMatchObject({
      message: expect.stringContaining("TFC_WORKLOAD_IDENTITY_TOKEN_PROD"),
      hint: expect.stringContaining("  TFC_WORKLOAD_IDENTITY_AUDIENCE_PROD = <"),
    });
  });
});

it("Spacelift is known by its variable before its file is looked at", async () => {
  const token = makeToken();
  const spacelift = createSpacelift("/none/spacelift.oidc");
  const request = requestOf("spacelift", { SPACELIFT_OIDC_TOKEN: token });
  expect((await spacelift.fetchToken(request, createTestDeps())).source).toBe(
    "Spacelift (SPACELIFT_OIDC_TOKEN)",
  );
});
