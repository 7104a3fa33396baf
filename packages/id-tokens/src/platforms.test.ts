import { describe, expect, it } from "vitest";
import { detectPlatform } from "./platforms.ts";

describe("detectPlatform", () => {
  it.each([
    [
      { GITHUB_ACTIONS: "true", CI: "true" },
      { platform: "github", why: "GITHUB_ACTIONS is true" },
    ],
    [{ GITHUB_ACTIONS: "false" }, undefined],
    [{ CI: "true", GITLAB_CI: "true" }, undefined],
    [{}, undefined],
  ])("tells %j", (environment, expected) => {
    expect(detectPlatform(environment)).toEqual(expected);
  });
});
