import { describe, expect, it } from "vitest";
import { detectPlatform, platforms } from "./platforms.ts";

const pod = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };

describe("detectPlatform", () => {
  it.each<[string, Record<string, string>, string | undefined, string | undefined]>([
    ["nothing", {}, undefined, undefined],
    ["CI alone", { CI: "true" }, undefined, undefined],
    ["another value", { GITHUB_ACTIONS: "false", GITLAB_CI: "0" }, undefined, undefined],
    ["an empty variable", { BITBUCKET_BUILD_NUMBER: " " }, undefined, undefined],
    ["GitHub", { GITHUB_ACTIONS: "true", CI: "true" }, "github", "GITHUB_ACTIONS is true"],
    ["GitLab", { GITLAB_CI: "true", CI_JOB_ID: "7" }, "gitlab", "GITLAB_CI is true and CI_JOB_ID is set"],
    ["CircleCI", { CIRCLECI: "true" }, "circleci", "CIRCLECI is true"],
    ["Bitbucket", { BITBUCKET_BUILD_NUMBER: "3" }, "bitbucket", "BITBUCKET_BUILD_NUMBER is set"],
    ["Azure DevOps", { TF_BUILD: "True" }, "azure_devops", "TF_BUILD is true"],
    ["Spacelift", { SPACELIFT_OIDC_TOKEN: "x" }, "spacelift", "SPACELIFT_OIDC_TOKEN is set"],
    ["env0", { ENV0_OIDC_TOKEN: "x" }, "env0", "ENV0_OIDC_TOKEN is set"],
    ["HCP Terraform", { TFC_RUN_ID: "run-1" }, "terraform_cloud", "TFC_RUN_ID is set"],
    ["a pod", pod, "kubernetes", "KUBERNETES_SERVICE_HOST is set and KUBERNETES_SERVICE_PORT is set"],
    [
      "a GitLab runner in a pod",
      { ...pod, GITLAB_CI: "true" },
      "gitlab",
      "GITLAB_CI is true; Kubernetes only hosts the job (KUBERNETES_SERVICE_HOST is set)",
    ],
    [
      "a half-copied environment in a pod",
      { ...pod, CI_SERVER_URL: "https://gitlab.com", CI_JOB_ID: "7" },
      "gitlab",
      "CI_SERVER_URL is set and CI_JOB_ID is set; Kubernetes only hosts the job (KUBERNETES_SERVICE_HOST is set)",
    ],
    ["one lesser sign", { CI_SERVER_URL: "https://gitlab.com" }, undefined, undefined],
    ["one lesser sign in a pod", { ...pod, CIRCLE_BUILD_NUM: "1" }, "kubernetes", undefined],
    [
      "the telling sign before lesser ones",
      { GITHUB_RUN_ID: "1", GITHUB_WORKFLOW_REF: "x", CIRCLECI: "true" },
      "circleci",
      "CIRCLECI is true; GitHub Actions comes later (GITHUB_RUN_ID is set)",
    ],
    [
      "Terraform in a GitHub job",
      { GITHUB_ACTIONS: "true", TFC_RUN_ID: "run-1" },
      "github",
      "GITHUB_ACTIONS is true; HCP Terraform comes later (TFC_RUN_ID is set)",
    ],
    [
      "Spacelift without a token",
      { TF_VAR_spacelift_run_id: "1", TF_VAR_spacelift_stack_id: "s" },
      "spacelift",
      "TF_VAR_spacelift_run_id is set and TF_VAR_spacelift_stack_id is set",
    ],
    [
      "a Bitbucket runner in a pod of an Azure image",
      { ...pod, BITBUCKET_BUILD_NUMBER: "3", AGENT_TOOLSDIRECTORY: "/opt" },
      "bitbucket",
      undefined,
    ],
  ])("tells %s", (_name, environment, platform, why) => {
    const detected = detectPlatform(environment);
    expect(detected?.platform).toBe(platform);
    if (why !== undefined) expect(detected?.why).toBe(why);
  });

  it.each(
    platforms.filter(({ signs }) => signs.length > 0).map((platform) => [platform.name, platform] as const),
  )("knows %s by its first sign, and by two others, but not by one", (name, { signs }) => {
    const show = (chosen: typeof signs): Record<string, string> =>
      Object.fromEntries(chosen.map(({ variable, value }) => [variable, value ?? "x"]));
    expect(detectPlatform(show(signs.slice(0, 1)))?.platform).toBe(name);
    expect(detectPlatform(show(signs.slice(1, 3)))?.platform).toBe(name);
    const [second] = signs.slice(1);
    // A token's own variable can be a lesser sign of its platform.
    if (second !== undefined) expect(detectPlatform(show([second]))).toBeUndefined();
  });
});

describe("the table", () => {
  it("has each platform once, and no issuer of two", () => {
    expect(new Set(platforms.map(({ name }) => name)).size).toBe(platforms.length);
    const issuers = [
      "https://token.actions.githubusercontent.com",
      "https://ghes.example.com/_services/token",
      "https://gitlab.com",
      "https://oidc.circleci.com/org/0b6f3b8a",
      "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
      "https://vstoken.dev.azure.com/5f0c8f3e",
      "https://acme.app.spacelift.io",
      "https://login.app.env0.com/",
      "https://app.terraform.io",
      "https://kubernetes.default.svc.cluster.local",
      "https://accounts.google.com",
    ];
    for (const issuer of issuers) {
      expect(
        platforms.filter(({ tokens }) => tokens.issuer.test(issuer)),
        issuer,
      ).toHaveLength(1);
    }
    expect(platforms.filter(({ tokens }) => tokens.issuer.test("https://gitlab.acme.example"))).toEqual([]);
  });
});
