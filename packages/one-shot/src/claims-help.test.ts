import { matchToken, parseResources, type TokenResource } from "@bot-join/resources";
import { describe, expect, test } from "vitest";
import { claimsHelp } from "./claims-help.ts";

const claims = {
  sub: "repo:acme/shop:environment:prod",
  repository: "acme/shop",
  repository_owner: "acme",
  environment: "prod",
  actor: 'o"cto: #1',
  run_id: "4711",
};

/** Reads the printed token document back. */
function tokenOf(help: string): TokenResource {
  return parseResources(help.slice(help.indexOf("kind: token")), "help")[0] as TokenResource;
}

describe("what a refused job is told", () => {
  test("who it is, by the claims that a rule can name and no others", () => {
    const help = claimsHelp("github", claims, "ci") ?? "";
    expect(help).toContain('  repository: "acme/shop"');
    expect(help).toContain('  actor: "o\\"cto: #1"');
    expect(help).not.toContain("run_id");
  });

  test("the token can be created as it is and lets exactly this job in", () => {
    const help = claimsHelp("github", claims, "ci") ?? "";
    const token = tokenOf(help);
    expect(token.name).toBe("ci");
    expect(matchToken(token, claims).matched).toBe(true);
    expect(matchToken(token, { ...claims, environment: "dev" }).matched).toBe(false);
    expect(matchToken(token, { ...claims, repository: "acme/other" }).matched).toBe(false);
  });

  test("claims of unexpected types are no reason to lose the refusal itself", () => {
    expect(claimsHelp("github", { ...claims, run_id: 1 }, "ci")).toBeUndefined();
  });

  test("a method whose claims nobody can name is told nothing", () => {
    expect(claimsHelp("token", claims, "ci")).toBeUndefined();
    expect(claimsHelp("constructor", claims, "ci")).toBeUndefined();
  });
});
