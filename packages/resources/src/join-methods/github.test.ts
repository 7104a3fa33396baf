import { describe, expect, it } from "vitest";
import { githubToken } from "../testing.ts";
import { github } from "./github.ts";

const allow = [{ repository: "acme/shop" }];

describe("the ID token that a github token expects", () => {
  it.each([
    [{}, "https://token.actions.githubusercontent.com"],
    [{ enterprise_slug: "octo" }, "https://token.actions.githubusercontent.com/octo"],
    [{ enterprise_server_host: "ghes.example.com:8443" }, "https://ghes.example.com:8443/_services/token"],
    [{ static_jwks: '{"keys":[]}' }, "https://token.actions.githubusercontent.com"],
  ])("%j is from %s", (block, issuer) => {
    const token = githubToken(allow, block);
    expect(github.expectedIssuer(token)).toBe(issuer);
    expect(github.expectedAudience(token, "example.teleport.sh")).toBe("teleport.cluster.local");
  });

  it("is github.com's without a block", () => {
    const { github: _, ...bare } = githubToken(allow);
    expect(github.expectedIssuer(bare)).toBe("https://token.actions.githubusercontent.com");
    expect(github.rules(bare)).toEqual([]);
  });
});

describe("a github block", () => {
  it("cannot have a host and a slug", () => {
    const block = { enterprise_server_host: "ghes.example.com", enterprise_slug: "octo" };
    expect(() => githubToken(allow, block)).toThrow("cannot both be set");
  });

  it("is kept by the document's own keys", () => {
    expect(githubToken(allow, { enterprise_slug: "octo" }).github).toEqual({
      allow: [
        {
          sub: "",
          repository: "acme/shop",
          repository_owner: "",
          workflow: "",
          environment: "",
          actor: "",
          ref: "",
          ref_type: "",
        },
      ],
      enterprise_server_host: "",
      enterprise_slug: "octo",
      static_jwks: "",
    });
  });
});
