import { describe, expect, it } from "vitest";
import { profiles } from "../profiles/profiles.ts";
import type { Refusal } from "../refusal.ts";
import { type EmulatedNode, resolveNode, splitHostPort } from "./nodes.ts";

const node: EmulatedNode = {
  hostname: "node-1",
  uuid: "0a5f8e6e-9f0b-4a64-9d3b-6a2f7d1c5b11",
  address: "127.0.0.1:40022",
};
const six: EmulatedNode = { hostname: "six", uuid: "six", address: "[::1]:40022", port: 22 };

describe("resolveNode", () => {
  it.each(["node-1:3022", "node-1:0", "node-1:", "127.0.0.1:3022", "NODE-1:3022", `${node.uuid}:0`])(
    "finds the node as %s",
    (target) => {
      expect(resolveNode([node, six], target, profiles["14"])).toBe(node);
    },
  );

  it("finds a node by its IPv6 address in brackets", () => {
    expect(resolveNode([node, six], "[::1]:22", profiles["18"])).toBe(six);
  });

  const dial14 =
    "failed to dial target host\n\tdirect dialing to nodes not in the inventory is not supported";
  it.each([
    ["node-1.bot.test:3022", "14", "connection-problem", dial14],
    ["nope:3022", "14", "connection-problem", dial14],
    ["nope:3022", "18", "connection-problem", "target host nope is offline or does not exist"],
    ["node-1:22", "18", "connection-problem", "target host node-1 is offline or does not exist"],
    ["node-1", "14", "bad-parameter", "dial target contains an invalid hostport"],
    ["::1:22", "14", "bad-parameter", "dial target contains an invalid hostport"],
    [
      "11111111-2222-3333-4444-555555555555:0",
      "14",
      "not-found",
      "unable to locate node matching UUID-like target 11111111-2222-3333-4444-555555555555",
    ],
  ] as const)("refuses %s as version %s does", (target, major, refusalClass, message) => {
    const resolve = (): unknown => resolveNode([node, six], target, profiles[major]);
    expect(resolve).toThrowError(expect.objectContaining({ class: refusalClass, message }) as Refusal);
  });

  it("refuses a name that two nodes have", () => {
    expect(() => resolveNode([node, { ...node, uuid: "other" }], "node-1:0", profiles["14"])).toThrow(
      "err-node-is-ambiguous",
    );
  });
});

describe("splitHostPort", () => {
  it.each([
    ["a:1", { host: "a", port: "1" }],
    ["[::1]:22", { host: "::1", port: "22" }],
    ["a:", { host: "a", port: "" }],
    ["a", undefined],
    ["::1", undefined],
  ])("splits %s", (text, expected) => {
    expect(splitHostPort(text)).toEqual(expected);
  });
});
