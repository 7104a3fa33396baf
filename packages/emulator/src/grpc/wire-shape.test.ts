import fc from "fast-check";
import { expect, it } from "vitest";
import { encodeGrpcMessage } from "./wire-shape.ts";

it.each([
  ['access denied to perform action "read" on "role"', 'access denied to perform action "read" on "role"'],
  ["a\n\tb", "a%0A%09b"],
  ["100%", "100%25"],
  ["ü", "%C3%BC"],
  ["[a;b=c]", "[a;b=c]"],
])("encodes %j", (message, encoded) => {
  expect(encodeGrpcMessage(message)).toBe(encoded);
});

it("is undone by percent-decoding", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (message) => {
      expect(decodeURIComponent(encodeGrpcMessage(message))).toBe(message);
    }),
  );
});
