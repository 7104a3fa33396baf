import { describe, expect, it } from "vitest";
import { checkPlatform } from "./check-platform.ts";

/** Gives what was logged. */
function check(joinMethod: string, claims: Record<string, unknown>, audience = ""): string[] {
  const log: string[] = [];
  const write = (message: string): void => void log.push(message);
  const logger = { debug: write, info: write, warn: write };
  checkPlatform(claims, "x", { platform: {}, audience, joinMethod }, logger);
  return log;
}

const org = "0b6f3b8a-2f8e-4b35-9d10-5f7c2d9a1e44";
const circle = { iss: `https://oidc.circleci.com/org/${org}`, aud: org };
const azure = {
  iss: "https://vstoken.dev.azure.com/5f0c8f3e",
  aud: "api://AzureADTokenExchange",
  sub: "p://acme/platform/deploy prod",
};

describe("checkPlatform takes", () => {
  it.each([
    ["github", { iss: "https://token.actions.githubusercontent.com/acme" }],
    ["github", { iss: "https://ghes.example.com/_services/token" }],
    ["github", { iss: "https://token.actions.acme.ghe.com" }],
    ["github", {}],
    ["gitlab", { iss: "https://gitlab.acme.example", aud: "teleport.example.com" }],
    ["gitlab", { iss: "https://gitlab.com", aud: ["teleport.example.com"] }],
    ["circleci", circle],
    ["circleci", { ...circle, aud: [org] }],
    ["bitbucket", { iss: "https://api.bitbucket.org/2.0/workspaces/a/pipelines-config/identity/oidc" }],
    ["spacelift", { iss: "https://acme.app.spacelift.io", aud: "acme.app.spacelift.io" }],
    ["spacelift", { iss: "https://spacelift.acme.example", aud: ["spacelift.acme.example"] }],
    ["env0", { iss: "https://login.app.env0.com/", aud: ["https://prod.env0.com"] }],
    ["azure_devops", azure],
    ["terraform_cloud", { iss: "https://tfe.acme.example", aud: "teleport.example.com" }],
    ["kubernetes", { iss: "https://oidc.eks.eu-west-1.amazonaws.com/id/A1", aud: ["x"] }],
    ["gcp", { iss: "https://accounts.google.com", aud: "teleport.cluster.local" }],
    ["some_method", { iss: "https://anything.example" }],
  ])("%s: %j", (method, claims) => {
    expect(check(method, claims)).toEqual([]);
  });
});

describe("checkPlatform refuses", () => {
  it.each([
    ["gitlab", circle, "that is CircleCI, while the join method is gitlab"],
    ["circleci", { iss: "https://gitlab.com" }, "that is GitLab CI"],
    ["gcp", azure, "that is Azure DevOps"],
    [
      "circleci",
      { iss: "https://oidc.circleci.com", aud: org },
      "clusters take only https://oidc.circleci.com/org/",
    ],
    ["env0", { iss: "https://login.app.env0.com" }, "clusters take only https://login.app.env0.com/"],
    ["azure_devops", {}, "names no issuer"],
    ["gcp", { iss: ["https://accounts.google.com", "b"] }, "names no issuer"],
    ["gcp", { iss: "x\n##vso[task.complete]" }, 'is issued by "x ## vso[task.complete]"'],
  ])("the issuer: %s: %j", (method, claims, text) => {
    expect(() => check(method, claims)).toThrow(
      expect.objectContaining({
        code: "ERR_IDTOKEN_ISSUER_MISMATCH",
        message: expect.stringContaining(text),
      }),
    );
  });

  it.each([
    ["gitlab", { aud: "https://teleport.example.com" }, "", "the name of the cluster alone"],
    ["gitlab", { aud: ["teleport.example.com:443"] }, "", "the name of the cluster alone"],
    ["circleci", { ...circle, aud: "other" }, "", `the organization's id, "${org}"`],
    ["spacelift", { iss: "https://a.app.spacelift.io", aud: "b" }, "", 'of its issuer, "a.app.spacelift.io"'],
    [
      "github",
      { aud: "other" },
      "wanted",
      'is for "other" (claim "aud"), and the join needs the audience "wanted"',
    ],
    ["github", { aud: ["a", "b"] }, "wanted", 'is for "a", "b"'],
    ["github", { aud: "WANTED" }, "wanted", 'is for "WANTED"'],
    ["github", {}, "wanted", "is for no audience"],
    ["github", { aud: [7] }, "wanted", "is for no audience"],
    ["github", { aud: "x\n::error::y" }, "wanted", 'is for "x ::error::y"'],
    ["some_method", { aud: "other" }, "wanted", 'needs the audience "wanted"'],
  ])("the audience: %s: %j", (method, claims, audience, text) => {
    expect(() => check(method, claims, audience)).toThrow(
      expect.objectContaining({
        code: "ERR_IDTOKEN_AUDIENCE_MISMATCH",
        message: expect.stringContaining(text),
      }),
    );
  });

  it.each([
    ["sc://acme/platform/connection", "without serviceConnectionId"],
    ["p://acme/platform/folder/deploy", "inside a folder"],
    ["p://acme/platform", "another form"],
  ])("the subject %s of a token of Azure DevOps", (sub, text) => {
    expect(() => check("azure_devops", { ...azure, sub })).toThrow(
      expect.objectContaining({
        code: "ERR_IDTOKEN_SUBJECT_UNSUITABLE",
        hint: expect.stringContaining(text),
      }),
    );
  });
});

describe("checkPlatform doubts", () => {
  it("a token for several audiences without azp", () => {
    expect(check("gitlab", { aud: ["a", "b"] })).toEqual([expect.stringContaining("for 2 audiences")]);
    expect(check("gitlab", { aud: ["a", "b"], azp: "a" })).toEqual([]);
  });

  it("another audience than the constant one", () => {
    expect(check("github", { aud: "mine" }, "mine")).toEqual([
      expect.stringContaining('another than "teleport.cluster.local"'),
    ]);
  });
});
