import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fetchIdToken } from "./fetch-id-token.ts";
import { createSpacelift } from "./spacelift.ts";
import { createTestDeps, everythingOf, failureOf, findLeaks, makeToken } from "./testing.ts";
import type { IdTokenRequest } from "./types.ts";

const directory = mkdtempSync(join(tmpdir(), "bot-join-files-"));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const folder = join(directory, "folder");
mkdirSync(folder);

describe("Kubernetes", () => {
  const pod = { KUBERNETES_SERVICE_HOST: "10.0.0.1" };
  const token = makeToken({
    iss: "https://kubernetes.default.svc.cluster.local",
    aud: ["teleport.example.com"],
  });
  const request = (path: string | undefined, audience = ""): IdTokenRequest => ({
    platform: { ...pod, KUBERNETES_TOKEN_PATH: path },
    audience,
    joinMethod: "kubernetes",
  });

  it("reads the file that KUBERNETES_TOKEN_PATH names, trimmed and masked", async () => {
    const deps = createTestDeps();
    const path = file("token", `${token}\n`);
    const result = await fetchIdToken(request(path), deps);
    expect(result.token.reveal()).toBe(token);
    expect(result.source).toBe(`Kubernetes (${path})`);
    expect(deps.secrets).toEqual([token]);
  });

  it.each([
    [join(directory, "none"), "", "              audience: <name of the cluster>"],
    [join(directory, "none"), "a.example.com", "              audience: a.example.com"],
  ])("shows the volume that is missing: %s %s", async (path, audience, line) => {
    const error = await failureOf(fetchIdToken(request(path, audience), createTestDeps()));
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_NOT_CONFIGURED" });
    expect(error.message).toContain(`the file ${path} is missing`);
    expect((error as { hint?: string }).hint?.split("\n")).toEqual(
      expect.arrayContaining([
        "  volumes:",
        "          - serviceAccountToken:",
        "              path: token",
        line,
      ]),
    );
  });

  it.each([undefined, "", " "])("looks where pods have their token when the path is %j", async (path) => {
    const error = await failureOf(fetchIdToken(request(path), createTestDeps()));
    expect(error.message).toContain("/var/run/secrets/kubernetes.io/serviceaccount/token");
  });

  it("says that it is no pod", async () => {
    const platform = { GITLAB_CI: "true" };
    const error = await failureOf(
      fetchIdToken({ platform, audience: "", joinMethod: "kubernetes" }, createTestDeps()),
    );
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_NOT_ON_PLATFORM" });
    expect(error.message).toContain("seems to run on GitLab CI: GITLAB_CI is true");
  });

  it.each([
    ["a folder", folder, "ERR_IDTOKEN_FILE_UNREADABLE", "EISDIR"],
    [
      "an empty file",
      file("empty", "\n"),
      "ERR_IDTOKEN_FILE_UNREADABLE",
      "(KUBERNETES_TOKEN_PATH) gave nothing",
    ],
    ["a file without a token", file("text", "hunter2-not-a-token"), "ERR_IDTOKEN_MALFORMED", "Kubernetes ("],
    [
      "a token of GitHub",
      file("other", makeToken({ iss: "https://token.actions.githubusercontent.com" })),
      "ERR_IDTOKEN_ISSUER_MISMATCH",
      "GitHub Actions",
    ],
  ])("refuses %s", async (_name, path, code, text) => {
    const deps = createTestDeps();
    const error = await failureOf(fetchIdToken(request(path), deps));
    expect(error).toMatchObject({ code, message: expect.stringContaining(text) });
    expect(findLeaks(deps.secrets[0] ?? "none", everythingOf(error))).toEqual([]);
  });
});

describe("Spacelift's file", () => {
  const token = makeToken();
  const request: IdTokenRequest = { platform: {}, audience: "", joinMethod: "spacelift" };

  it("is read when there is no variable", async () => {
    const deps = createTestDeps();
    const path = file("spacelift.oidc", token);
    const result = await createSpacelift(path).fetchToken(request, deps);
    expect(result).toMatchObject({ source: `Spacelift (${path})` });
    expect(deps.secrets).toEqual([token]);
  });

  it("that cannot be read is an error, and one that is not there is a missing token", async () => {
    expect(await failureOf(createSpacelift(folder).fetchToken(request, createTestDeps()))).toMatchObject({
      code: "ERR_IDTOKEN_FILE_UNREADABLE",
      message: expect.stringContaining("(Spacelift)"),
    });
    const none = createSpacelift(join(directory, "none"));
    expect(await failureOf(none.fetchToken(request, createTestDeps()))).toMatchObject({
      code: "ERR_IDTOKEN_NOT_ON_PLATFORM",
    });
  });
});
