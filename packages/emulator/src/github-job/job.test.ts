import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@bot-join/core";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OidcIssuer } from "../oidc/issuer.ts";
import { parseCommandFile, parseMasks } from "./command-files.ts";
import { type GitHubJobOptions, startGitHubJob } from "./job.ts";

const clock: Clock = { now: () => new Date("2026-11-22T04:31:49Z"), sleep: async () => undefined };
const issuer = new OidcIssuer("https://token.actions.githubusercontent.com", clock);
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "github-job-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const start = (options: Partial<GitHubJobOptions> = {}) =>
  startGitHubJob({ issuer, clock, directory, ...options });

async function askToken(
  env: Record<string, string>,
  bearer = env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
): Promise<Response> {
  return fetch(`${env["ACTIONS_ID_TOKEN_REQUEST_URL"]}&audience=teleport.cluster.local`, {
    headers: { Authorization: `Bearer ${bearer}` },
  });
}

describe("the token endpoint", () => {
  it("gives a token for the audience asked for", async () => {
    await using job = await start({ claims: { repository: "acme/other" } });
    const { count, value } = (await (await askToken(job.env)).json()) as { count: number; value: string };
    expect(count).toBe(value.length);
    expect(decodeJwt(value)).toMatchObject({
      aud: "teleport.cluster.local",
      repository: "acme/other",
      sub: "repo:acme/other:environment:prod",
    });
    expect(job.tokenRequests).toEqual(["teleport.cluster.local"]);
  });

  it("refuses a wrong request token", async () => {
    await using job = await start();
    expect((await askToken(job.env, "x")).status).toBe(401);
  });

  it("fails as often as told", async () => {
    await using job = await start({ tokenEndpoint: { kind: "status", status: 500, times: 2 } });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await askToken(job.env)).status);
    expect(statuses).toEqual([500, 500, 200]);
  });

  it("answers garbage, or no value", async () => {
    await using garbage = await start({ tokenEndpoint: { kind: "garbage" } });
    expect(await (await askToken(garbage.env)).text()).toBe("<html>");
    await using none = await start({ tokenEndpoint: { kind: "no-value" } });
    expect(await (await askToken(none.env)).json()).toEqual({ count: 0 });
  });

  it("closes without an answer", async () => {
    await using job = await start({ tokenEndpoint: { kind: "drop" } });
    await expect(askToken(job.env)).rejects.toThrow();
  });

  it("is not named in a job without the permission", async () => {
    await using job = await start({ tokenEndpoint: "missing" });
    expect(Object.keys(job.env).filter((name) => name.startsWith("ACTIONS_ID_TOKEN"))).toEqual([]);
  });
});

describe("the files", () => {
  it("come back as the runner reads them", async () => {
    await using job = await start();
    appendFileSync(job.env["GITHUB_OUTPUT"] ?? "", "a=1\nb<<X\nline 1\nline=2\nX\na=3\n");
    appendFileSync(job.env["GITHUB_ENV"] ?? "", "PROXY=localhost:1\n");
    appendFileSync(job.env["GITHUB_STATE"] ?? "", "manifest=/x\n");
    appendFileSync(job.env["GITHUB_STEP_SUMMARY"] ?? "", "# Joined\n");
    expect(job.readOutputs()).toEqual({ a: "3", b: "line 1\nline=2" });
    expect(job.readSummary()).toBe("# Joined\n");
    const post = job.postEnv();
    expect(post).toMatchObject({ PROXY: "localhost:1", STATE_manifest: "/x", GITHUB_ACTIONS: "true" });
    expect(post["GITHUB_STATE"]).not.toBe(job.env["GITHUB_STATE"]);
  });

  it("name inputs as the runner does", async () => {
    await using job = await start();
    expect(job.inputsEnv({ "certificate-ttl": "1h" })).toEqual({ "INPUT_CERTIFICATE-TTL": "1h" });
  });

  it("refuse what the runner refuses", () => {
    expect(() => parseCommandFile("a<<X\nb\n")).toThrow("never comes");
    expect(() => parseCommandFile("nothing")).toThrow("neither");
  });

  it("list masks by value and by line", () => {
    expect(parseMasks("x\n::add-mask::a%0Ab%25\n::debug::y\n")).toEqual(["a\nb%", "a", "b%"]);
  });
});
