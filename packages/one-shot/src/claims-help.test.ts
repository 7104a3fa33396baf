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

/** Puts the printed rule where a token resource has it. */
function tokenWith(help: string): TokenResource {
  const rule = help
    .slice(help.indexOf("  github:"))
    .split("\n")
    .map((line) => `  ${line.slice(2)}`);
  const text = [
    "kind: token",
    "version: v2",
    "metadata: {name: ci}",
    "spec:",
    "  roles: [Bot]",
    "  bot_name: robot",
    "  join_method: github",
    ...rule,
  ].join("\n");
  return parseResources(text, "help")[0] as TokenResource;
}

describe("what a refused job is told", () => {
  test("who it is, by the claims that a rule can name and no others", () => {
    const help = claimsHelp("github", claims) ?? "";
    expect(help).toContain('  repository: "acme/shop"');
    expect(help).toContain('  actor: "o\\"cto: #1"');
    expect(help).not.toContain("run_id");
  });

  test("the rule can be pasted and lets exactly this job in", () => {
    const token = tokenWith(claimsHelp("github", claims) ?? "");
    expect(matchToken(token, claims).matched).toBe(true);
    expect(matchToken(token, { ...claims, environment: "dev" }).matched).toBe(false);
    expect(matchToken(token, { ...claims, repository: "acme/other" }).matched).toBe(false);
  });

  test("a method whose claims nobody can name is told nothing", () => {
    expect(claimsHelp("token", claims)).toBeUndefined();
    expect(claimsHelp("constructor", claims)).toBeUndefined();
  });
});
