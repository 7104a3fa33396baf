import { Secret } from "@bot-join/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxIdTokenBytes, readClaims } from "./claims.ts";
import { IdTokenError } from "./errors.ts";
import { everythingOf, makeToken, testAudience } from "./testing.ts";

const encode = (text: string): string => Buffer.from(text).toString("base64url");

describe("readClaims", () => {
  it("gives the claims as they are", () => {
    expect(readClaims(new Secret(makeToken({ runner_id: 5, list: ["a"] })), "x")).toMatchObject({
      aud: testAudience,
      runner_id: 5,
      list: ["a"],
    });
  });

  it.each([
    ["", "it is empty"],
    ["only-text-here", "1 of the 3 parts"],
    ['{"value":"secretive"}', "1 of the 3 parts"],
    ["a.b.c.d.e", "5 of the 3 parts"],
    ["a.%%secretive%%.c", "not a JSON object"],
    [`a.${encode("secretive")}.c`, "not a JSON object"],
    [`a.${encode("[1]")}.c`, "not a JSON object"],
    [`a.${encode('"secretive"')}.c`, "not a JSON object"],
    [`${"secretive".repeat(maxIdTokenBytes / 8)}`, "longer than 64 KiB"],
  ])("refuses what is no token (case %#)", (text, why) => {
    const attempt = (): unknown => readClaims(new Secret(text), "the file /t");
    expect(attempt).toThrow(IdTokenError);
    try {
      attempt();
    } catch (error) {
      expect(error).toMatchObject({ code: "ERR_IDTOKEN_MALFORMED" });
      expect(String(error)).toContain(`The ID token from the file /t is not a JSON Web Token: `);
      expect(String(error)).toContain(why);
      expect(everythingOf(error)).not.toMatch(/secretive|c2VjcmV0aXZl/);
    }
  });

  it("never throws anything else", () => {
    const part = fc.oneof(fc.string(), fc.json().map(encode));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        try {
          expect(readClaims(new Secret(parts.join(".")), "x")).toBeTypeOf("object");
        } catch (error) {
          expect(error).toBeInstanceOf(IdTokenError);
        }
      }),
    );
  });
});
