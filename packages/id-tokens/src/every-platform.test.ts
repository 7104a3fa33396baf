import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "@bot-join/core";
import { afterAll, describe, expect, it } from "vitest";
import { fetchIdToken, holdsIdToken } from "./fetch-id-token.ts";
import { platforms } from "./platforms.ts";
import {
  createTestDeps,
  everythingOf,
  failureOf,
  findLeaks,
  makeToken,
  reply,
  requestToken,
  startEndpoint,
  testNow,
} from "./testing.ts";

// What every platform says to every kind of bad token: one row a platform, one column a fault.

const folder = mkdtempSync(join(tmpdir(), "bot-join-platforms-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Case {
  /** What the platform sets in a job that may have a token. */
  job: Record<string, string>;
  /** Claims that the platform gives, and clusters take. */
  claims: Record<string, unknown>;
  /** The audience that the join asks for; empty where the platform fixes it. */
  audience?: string;
  /** Hands a text over as the platform does: the variables that lead to it. */
  hand(text: string): Promise<{ variables: Record<string, string>; end?: () => PromiseLike<void> }>;
  /** Code and a part of the hint when there is no token at all. */
  missing: [code: string, hint: string];
  empty: string;
}

/** A platform that hands its token over in a variable. */
function inVariable(variable: string, rest: Pick<Case, "job" | "claims">, hint: string): Case {
  return {
    ...rest,
    hand: async (text) => ({ variables: { [variable]: text } }),
    missing: ["ERR_IDTOKEN_NOT_CONFIGURED", hint],
    empty: "ERR_IDTOKEN_NOT_CONFIGURED",
  };
}

/** A platform that is asked over HTTP. */
function atEndpoint(
  answer: (text: string) => Parameters<typeof startEndpoint>[0],
  variables: (url: string) => Record<string, string>,
): Case["hand"] {
  return async (text) => {
    const endpoint = await startEndpoint(answer(text));
    return { variables: variables(endpoint.url), end: () => endpoint[Symbol.asyncDispose]() };
  };
}

const organization = "0b6f3b8a-2f8e-4b35-9d10-5f7c2d9a1e44";

const cases: Record<string, Case> = {
  github: {
    job: { GITHUB_ACTIONS: "true", GITHUB_JOB: "deploy" },
    claims: { iss: "https://token.actions.githubusercontent.com" },
    audience: "teleport.cluster.local",
    hand: atEndpoint(
      (text) => reply(200, JSON.stringify({ value: text })),
      (url) => ({ ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken }),
    ),
    missing: ["ERR_IDTOKEN_PERMISSION_MISSING", "id-token: write"],
    empty: "ERR_IDTOKEN_RESPONSE_INVALID",
  },
  gitlab: inVariable(
    "TBOT_GITLAB_JWT",
    { job: { GITLAB_CI: "true" }, claims: { iss: "https://gitlab.com", aud: "teleport.example.com" } },
    "id_tokens:",
  ),
  circleci: inVariable(
    "CIRCLE_OIDC_TOKEN",
    {
      job: { CIRCLECI: "true" },
      claims: { iss: `https://oidc.circleci.com/org/${organization}`, aud: organization },
    },
    "context: [<any context>]",
  ),
  bitbucket: inVariable(
    "BITBUCKET_STEP_OIDC_TOKEN",
    {
      job: { BITBUCKET_BUILD_NUMBER: "3" },
      claims: { iss: "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc" },
    },
    "oidc: true",
  ),
  azure_devops: {
    job: { TF_BUILD: "True" },
    claims: {
      iss: "https://vstoken.dev.azure.com/5f0c8f3e",
      aud: "api://AzureADTokenExchange",
      sub: "p://acme/platform/deploy",
    },
    audience: "api://AzureADTokenExchange",
    hand: atEndpoint(
      (text) => reply(200, JSON.stringify({ oidcToken: text })),
      (url) => ({ SYSTEM_OIDCREQUESTURI: url, SYSTEM_ACCESSTOKEN: requestToken }),
    ),
    missing: ["ERR_IDTOKEN_NOT_CONFIGURED", "SYSTEM_ACCESSTOKEN: $(System.AccessToken)"],
    empty: "ERR_IDTOKEN_RESPONSE_INVALID",
  },
  spacelift: inVariable(
    "SPACELIFT_OIDC_TOKEN",
    {
      job: { TF_VAR_spacelift_run_id: "1", TF_VAR_spacelift_stack_id: "s" },
      claims: { iss: "https://acme.app.spacelift.io", aud: "acme.app.spacelift.io" },
    },
    "paid account",
  ),
  env0: inVariable(
    "ENV0_OIDC_TOKEN",
    {
      job: { ENV0_ENVIRONMENT_ID: "1", ENV0_PROJECT_ID: "2" },
      claims: { iss: "https://login.app.env0.com/", aud: ["https://prod.env0.com"] },
    },
    "[x] Enable OIDC during deployments",
  ),
  terraform_cloud: inVariable(
    "TFC_WORKLOAD_IDENTITY_TOKEN",
    { job: { TFC_RUN_ID: "run-1" }, claims: { iss: "https://app.terraform.io" } },
    "TFC_WORKLOAD_IDENTITY_AUDIENCE = ",
  ),
  kubernetes: {
    job: { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_TOKEN_PATH: join(folder, "nothing") },
    claims: { iss: "https://kubernetes.default.svc.cluster.local", aud: "teleport.example.com" },
    hand: async (text) => {
      const path = join(folder, "token");
      writeFileSync(path, text);
      return { variables: { KUBERNETES_TOKEN_PATH: path } };
    },
    missing: ["ERR_IDTOKEN_NOT_CONFIGURED", "serviceAccountToken:"],
    empty: "ERR_IDTOKEN_FILE_UNREADABLE",
  },
  gcp: {
    // Nothing listens on port 1.
    job: { GCE_METADATA_HOST: "127.0.0.1:1" },
    claims: { iss: "https://accounts.google.com" },
    audience: "teleport.cluster.local",
    hand: atEndpoint(
      (text) => reply(200, text, { "metadata-flavor": "Google" }),
      (url) => ({ GCE_METADATA_HOST: new URL(url).host }),
    ),
    missing: ["ERR_IDTOKEN_REQUEST_FAILED", "Only machines and workloads on Google Cloud"],
    empty: "ERR_IDTOKEN_RESPONSE_INVALID",
  },
};

const seconds = testNow.getTime() / 1000;
const otherIssuer = (method: string): string =>
  method === "gitlab" ? "https://login.app.env0.com/" : "https://gitlab.com";

/** Faults of a token that is there: how it differs, and what is said. */
const faults: readonly [
  name: string,
  claims: (method: string) => Record<string, unknown>,
  code: string,
  text: string,
][] = [
  [
    "another platform's token",
    (method) => ({ iss: otherIssuer(method) }),
    "ERR_IDTOKEN_ISSUER_MISMATCH",
    "while the join method is",
  ],
  [
    "a token for another audience",
    () => ({ aud: "https://elsewhere.example" }),
    "ERR_IDTOKEN_AUDIENCE_MISMATCH",
    'is for "https://elsewhere.example"',
  ],
  [
    "a token that has expired",
    () => ({ exp: seconds - 120 }),
    "ERR_IDTOKEN_EXPIRED",
    "expired 2m ago: it was valid until",
  ],
  [
    "a token that is not valid yet",
    () => ({ nbf: seconds + 120 }),
    "ERR_IDTOKEN_NOT_YET_VALID",
    "becomes valid only in 2m",
  ],
];

/** Asks a platform for the token that it hands over. */
async function failWith(method: string, row: Case, text: string, audience = row.audience ?? "") {
  const { variables, end } = await row.hand(text);
  const deps = createTestDeps();
  try {
    const request = { platform: { ...row.job, ...variables }, audience, joinMethod: method };
    const error = await failureOf(fetchIdToken(request, deps));
    expect(findLeaks(text === "" ? "no token" : text, everythingOf(error), ...deps.log)).toEqual([]);
    return error;
  } finally {
    await end?.();
  }
}

it("every platform has its row", () => {
  expect(Object.keys(cases)).toEqual(platforms.map(({ name }) => name));
});

describe.each(Object.entries(cases))("%s", (method, row) => {
  it("hands over a good token", async () => {
    const text = makeToken(row.claims);
    const { variables, end } = await row.hand(text);
    const request = {
      platform: { ...row.job, ...variables },
      audience: row.audience ?? "",
      joinMethod: method,
    };
    const deps = createTestDeps();
    expect((await fetchIdToken(request, deps)).token.reveal()).toBe(text);
    expect(deps.log).toEqual([]);
    await end?.();
  });

  it("without a token: what is missing, and where it goes", async () => {
    const request = { platform: row.job, audience: row.audience ?? "", joinMethod: method };
    const [code, hint] = row.missing;
    expect(await failureOf(fetchIdToken(request, createTestDeps()))).toMatchObject({
      code,
      hint: expect.stringContaining(hint),
    });
  });

  it("with an empty token", async () => {
    expect(await failWith(method, row, "")).toMatchObject({ code: row.empty });
  });

  it.each(faults)("with %s", async (_name, claims, code, text) => {
    // Where the token resource alone names the audience, only the input says which one is meant.
    const isFree = ["bitbucket", "terraform_cloud", "kubernetes"].includes(method);
    const audience = isFree && code === "ERR_IDTOKEN_AUDIENCE_MISMATCH" ? "wanted" : row.audience;
    const token = makeToken({ ...row.claims, ...claims(method) });
    const error = await failWith(method, row, token, audience);
    expect(error).toMatchObject({ code, message: expect.stringContaining(text) });
  });

  it.each([
    ["in less than a minute", seconds + 59, "expires in 59s"],
    ["less than a minute ago", seconds - 59, "expired 59s ago"],
  ])("with a token that expires %s: a warning", async (_when, exp, text) => {
    const { variables, end } = await row.hand(makeToken({ ...row.claims, iat: seconds - 600, exp }));
    const deps = createTestDeps();
    const request = {
      platform: { ...row.job, ...variables },
      audience: row.audience ?? "",
      joinMethod: method,
    };
    await fetchIdToken(request, deps);
    await end?.();
    expect(deps.log).toEqual([expect.stringContaining(text)]);
  });
});

describe("holdsIdToken", () => {
  it.each([
    ["gitlab", {}, true],
    ["env0", {}, true],
    ["kubernetes", {}, true],
    ["github", {}, false],
    ["azure_devops", {}, false],
    ["gcp", {}, false],
    ["github", { idToken: new Secret("x") }, true],
    ["github", { idTokenFile: "/run/token" }, true],
    ["gitlab", { idTokenCommand: "vault read" }, false],
    ["some_method", { idTokenVariables: ["MY_JWT"] }, true],
  ])("%s %j: %s", (joinMethod, given, expected) => {
    expect(holdsIdToken({ joinMethod, given })).toBe(expected);
  });
});
