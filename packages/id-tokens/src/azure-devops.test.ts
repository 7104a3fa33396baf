import { describe, expect, it } from "vitest";
import { azureDevops } from "./azure-devops.ts";
import { fetchIdToken } from "./fetch-id-token.ts";
import {
  createTestDeps,
  everythingOf,
  failureOf,
  findLeaks,
  makeToken,
  reply,
  requestToken,
  startEndpoint,
} from "./testing.ts";
import type { IdTokenRequest } from "./types.ts";

const audience = "api://AzureADTokenExchange";
const token = makeToken({
  iss: "https://vstoken.dev.azure.com/5f0c8f3e",
  sub: "p://acme/platform/deploy-prod",
  aud: audience,
});
const good = reply(200, JSON.stringify({ oidcToken: token }));
const script = { TF_BUILD: "True", SYSTEM_ACCESSTOKEN: requestToken };

function request(platform: Record<string, string>): IdTokenRequest {
  return { platform, audience, joinMethod: "azure_devops" };
}

describe("the request", () => {
  it.each<[string, Record<string, string>]>([
    ["a script's mapping", { SYSTEM_ACCESSTOKEN: requestToken }],
    ["a task's connection", { ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN: requestToken }],
    [
      "a task's connection as JSON",
      {
        ENDPOINT_AUTH_SYSTEMVSSCONNECTION: JSON.stringify({
          scheme: "OAuth",
          parameters: { AccessToken: requestToken },
        }),
      },
    ],
    [
      "the connection, where the mapping was not expanded",
      {
        SYSTEM_ACCESSTOKEN: "$(System.AccessToken)",
        ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN: requestToken,
      },
    ],
  ])("shows the credential of %s, masked before", async (_name, credential) => {
    await using endpoint = await startEndpoint(good);
    const deps = createTestDeps();
    const result = await fetchIdToken(request({ SYSTEM_OIDCREQUESTURI: endpoint.url, ...credential }), deps);
    expect(result.token.reveal()).toBe(token);
    expect(result.source).toBe("Azure DevOps");
    expect(deps.secrets).toEqual([requestToken, token]);
    expect(endpoint.requests).toEqual([
      { path: "/token?api-version=7.1", authorization: `Bearer ${requestToken}`, accept: undefined },
    ]);
    const [received] = endpoint.received;
    expect(received?.method).toBe("POST");
    expect(received?.headers).toMatchObject({ "content-type": "application/json", "content-length": "0" });
    expect(deps.log).toEqual([]);
  });

  it("keeps the other parameters of the address", async () => {
    await using endpoint = await startEndpoint(good);
    const url = `${endpoint.url}&x=a%20b`;
    await azureDevops.fetchToken(request({ ...script, SYSTEM_OIDCREQUESTURI: url }), createTestDeps());
    expect(endpoint.requests[0]?.path).toBe("/token?api-version=7.1&x=a+b");
  });

  it.each([
    ["build", "build"],
    ["checks", "checks"],
    ["release", "rm"],
    ["deployment", "rm"],
  ])("goes to an address put together when the agent gives none: %s", async (type, hub) => {
    await using endpoint = await startEndpoint(good);
    const parts = {
      SYSTEM_COLLECTIONURI: `${new URL(endpoint.url).origin}/acme/`,
      SYSTEM_TEAMPROJECTID: "project-1",
      SYSTEM_HOSTTYPE: type,
      SYSTEM_PLANID: "plan-1",
      SYSTEM_JOBID: "job-1",
    };
    await azureDevops.fetchToken(request({ ...script, ...parts }), createTestDeps());
    expect(endpoint.requests[0]?.path).toBe(
      `/acme/project-1/_apis/distributedtask/hubs/${hub}/plans/plan-1/jobs/job-1/oidctoken?api-version=7.1`,
    );
  });
});

describe("what is missing", () => {
  const uri = { SYSTEM_OIDCREQUESTURI: "http://127.0.0.1:1/" };
  it.each<[string, Record<string, string>, string, string]>([
    [
      "the mapping",
      { TF_BUILD: "True", ...uri },
      "the variable SYSTEM_ACCESSTOKEN",
      "      SYSTEM_ACCESSTOKEN: $(System.AccessToken)",
    ],
    [
      "the mapping's value",
      { TF_BUILD: "True", ...uri, SYSTEM_ACCESSTOKEN: "" },
      "the variable SYSTEM_ACCESSTOKEN",
      "    env:",
    ],
    ["the macro's value", { ...uri, SYSTEM_ACCESSTOKEN: "$(System.AccesToken)" }, "a macro $(…)", "    env:"],
    [
      "all of a broken connection",
      { ...uri, ENDPOINT_AUTH_SYSTEMVSSCONNECTION: `{"parameters": "${requestToken}` },
      "the variable SYSTEM_ACCESSTOKEN",
      "    env:",
    ],
    [
      "a text in the connection",
      { ...uri, ENDPOINT_AUTH_SYSTEMVSSCONNECTION: '{"parameters":{"AccessToken":7}}' },
      "the variable SYSTEM_ACCESSTOKEN",
      "    env:",
    ],
    [
      "the address",
      script,
      "the variable SYSTEM_OIDCREQUESTURI",
      "  -e SYSTEM_OIDCREQUESTURI -e SYSTEM_ACCESSTOKEN",
    ],
  ])("%s", async (_name, platform, text, line) => {
    const deps = createTestDeps();
    const error = await failureOf(fetchIdToken(request(platform), deps));
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_NOT_CONFIGURED" });
    expect(error.message).toContain(text);
    expect((error as { hint?: string }).hint?.split("\n")).toContain(line);
    expect(findLeaks(token, everythingOf(error), ...deps.log)).toEqual([]);
  });

  it("everything", async () => {
    expect(await failureOf(fetchIdToken(request({ CIRCLECI: "true" }), createTestDeps()))).toMatchObject({
      code: "ERR_IDTOKEN_NOT_ON_PLATFORM",
      message: expect.stringContaining("seems to run on CircleCI: CIRCLECI is true"),
    });
  });

  it.each(["not an address", "file:///etc/passwd"])("an address in %j", async (uri) => {
    const platform = { ...script, SYSTEM_OIDCREQUESTURI: uri };
    expect(await failureOf(fetchIdToken(request(platform), createTestDeps()))).toMatchObject({
      code: "ERR_IDTOKEN_REQUEST_VARIABLES",
      message: expect.stringContaining("SYSTEM_OIDCREQUESTURI"),
    });
  });
});
