import { describe, expect, test } from "vitest";
import { dataDirectoryPath } from "./data-directory-input.ts";

describe("dataDirectoryPath", () => {
  test.each([
    ["bot-data", "/work/bot-data"],
    ["./bot-data/", "/work/bot-data"],
    ["/var/lib/teleport/bot", "/var/lib/teleport/bot"],
    ["file:///var/lib/teleport/bot", "/var/lib/teleport/bot"],
    ["file:///with%20space", "/with space"],
    ["FILE:///x", "/x"],
    ["memory://", undefined],
    ["MEMORY://", undefined],
    ["memory", "/work/memory"],
  ])("%s", (value, path) => {
    expect(dataDirectoryPath(value, "/work")).toBe(path);
  });

  test.each([
    "memory://x",
    "memory:///x",
    "file://host/x",
    "file:///a%2Fb",
    "kubernetes-secret:///x",
    "s3://bucket",
  ])("%s is refused", (value) => {
    expect(() => dataDirectoryPath(value, "/work")).toThrowError(
      expect.objectContaining({
        code: "ERR_RUN_DATA_DIRECTORY",
        kind: "user",
        message: expect.stringContaining(JSON.stringify(value)),
      }),
    );
  });
});
