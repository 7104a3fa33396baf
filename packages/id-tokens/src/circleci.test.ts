import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fetchIdToken } from "./fetch-id-token.ts";
import { createTestDeps, everythingOf, failureOf, findLeaks, makeToken } from "./testing.ts";
import type { IdTokenRequest } from "./types.ts";

const directory = mkdtempSync(join(tmpdir(), "bot-join-circleci-"));
afterAll(() => rmSync(directory, { recursive: true }));

const org = "0b6f3b8a-2f8e-4b35-9d10-5f7c2d9a1e44";
const claims = { iss: `https://oidc.circleci.com/org/${org}`, aud: org };
const v1 = makeToken({ ...claims, sub: `org/${org}/project/p/user/u` });
const v2 = makeToken({ ...claims, sub: `org/${org}/project/p/user/u/vcs-origin/o/vcs-ref/r` });
const made = makeToken({ ...claims, sub: "made" });

/** A PATH with a `circleci` that notes its arguments, one a line, and then runs a script. */
function fakeCli(script: string): { PATH: string; args(): string[] | undefined } {
  const folder = mkdtempSync(join(directory, "bin-"));
  const notes = join(folder, "arguments");
  writeFileSync(join(folder, "circleci"), `#!/bin/sh\nprintf '%s\\n' "$@" > '${notes}'\n${script}\n`);
  chmodSync(join(folder, "circleci"), 0o700);
  return {
    PATH: `${folder}:/usr/bin:/bin`,
    args: () => (existsSync(notes) ? readFileSync(notes, "utf8").trim().split("\n") : undefined),
  };
}

function request(platform: Record<string, string>, audience = ""): IdTokenRequest {
  return { platform: { CIRCLECI: "true", PATH: "/none", ...platform }, audience, joinMethod: "circleci" };
}

const asked = (audience: string): string[] => ["run", "oidc", "get", "--claims", `{"aud":"${audience}"}`];

describe("the variables", () => {
  it.each([
    [
      "both: the one that tbot reads",
      { CIRCLE_OIDC_TOKEN: v1, CIRCLE_OIDC_TOKEN_V2: v2 },
      v1,
      "CIRCLE_OIDC_TOKEN",
    ],
    ["the second alone", { CIRCLE_OIDC_TOKEN: "", CIRCLE_OIDC_TOKEN_V2: v2 }, v2, "CIRCLE_OIDC_TOKEN_V2"],
  ])("%s", async (_name, variables, token, name) => {
    const cli = fakeCli(`echo ${made}`);
    const deps = createTestDeps();
    const result = await fetchIdToken(request({ ...variables, PATH: cli.PATH }, org), deps);
    expect(result.token.reveal()).toBe(token);
    expect(result.source).toBe(`CircleCI (${name})`);
    expect(cli.args()).toBeUndefined();
    expect(deps.secrets).toEqual([token]);
  });
});

describe("circleci run oidc get", () => {
  it("is asked for the organization's audience when the variables are missing", async () => {
    const cli = fakeCli(`echo ${made}`);
    const deps = createTestDeps();
    const result = await fetchIdToken(request({ CIRCLE_ORGANIZATION_ID: org, PATH: cli.PATH }), deps);
    expect(result).toMatchObject({ source: "CircleCI (circleci run oidc get)", claims: { sub: "made" } });
    expect(cli.args()).toEqual(asked(org));
    expect(deps.secrets).toEqual([made]);
  });

  it("is asked for another audience than the variable's, without a shell", async () => {
    const wanted = "a b'$(id)";
    const cli = fakeCli(`echo ${makeToken({ ...claims, aud: [org, wanted], azp: org })}`);
    const result = await fetchIdToken(
      request({ CIRCLE_OIDC_TOKEN: v1, PATH: cli.PATH }, wanted),
      createTestDeps(),
    );
    expect(result.claims["aud"]).toEqual([org, wanted]);
    expect(cli.args()).toEqual(asked(wanted));
  });

  it("cannot make a token that clusters take without the organization's audience", async () => {
    const cli = fakeCli(`echo ${makeToken({ ...claims, aud: "mine" })}`);
    const error = await failureOf(fetchIdToken(request({ PATH: cli.PATH }, "mine"), createTestDeps()));
    expect(error).toMatchObject({
      code: "ERR_IDTOKEN_AUDIENCE_MISMATCH",
      message: expect.stringContaining(`the organization's id, "${org}"`),
    });
  });

  it("that fails is told, without the token that it may have printed", async () => {
    const cli = fakeCli(`echo "no: ${made} ##vso[x]" >&2; exit 3`);
    const deps = createTestDeps();
    const error = await failureOf(
      fetchIdToken(request({ CIRCLE_ORGANIZATION_ID: org, PATH: cli.PATH }), deps),
    );
    expect(error).toMatchObject({
      code: "ERR_IDTOKEN_COMMAND_FAILED",
      message: expect.stringContaining(
        "The program circleci (run oidc get) ended with status 3; it said: no: [redacted]",
      ),
    });
    expect(findLeaks(made, everythingOf(error), ...deps.log)).toEqual([]);
  });

  it("that does not exist leaves the variable's token, or the explanation", async () => {
    const mismatch = await failureOf(
      fetchIdToken(request({ CIRCLE_OIDC_TOKEN: v1 }, "mine"), createTestDeps()),
    );
    expect(mismatch).toMatchObject({ code: "ERR_IDTOKEN_AUDIENCE_MISMATCH" });
    const missing = await failureOf(fetchIdToken(request({ CIRCLE_ORGANIZATION_ID: org }), createTestDeps()));
    expect(missing).toMatchObject({ code: "ERR_IDTOKEN_NOT_CONFIGURED" });
  });
});

it("a build of a fork is explained", async () => {
  const error = await failureOf(fetchIdToken(request({ CIRCLE_PR_REPONAME: "app" }), createTestDeps()));
  expect(error).toMatchObject({
    code: "ERR_IDTOKEN_FORK_PULL_REQUEST",
    kind: "denied",
    hint: expect.stringContaining("Pass secrets to builds from forked pull requests"),
  });
});
