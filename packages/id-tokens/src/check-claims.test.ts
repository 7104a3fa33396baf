import { describe, expect, it } from "vitest";
import { checkTimes, describeNearExpiry } from "./check-claims.ts";
import { testNow } from "./testing.ts";

const now = testNow.getTime() / 1000;
const clock = { now: testNow, name: "this machine's clock" };

describe("checkTimes", () => {
  it.each([
    ["a fresh token", { iat: now, nbf: now - 600, exp: now + 300 }],
    ["no times at all", {}],
    ["times of other types", { iat: "soon", exp: null, nbf: {} }],
    ["expired within the tolerance", { exp: now - 59 }],
    ["started within the tolerance", { iat: now + 60, nbf: now + 60 }],
    ["fractions", { exp: now + 0.5, iat: now - 0.5 }],
    ["an absurd number", { exp: -1e300, iat: 1e300 }],
  ])("takes %s", (_name, claims) => {
    expect(() => checkTimes(claims, "x", clock)).not.toThrow();
  });

  it.each([
    [
      { exp: now - 60 },
      "ERR_IDTOKEN_EXPIRED",
      "expired 1m ago: it was valid until 2026-11-22T09:59:00Z, and this machine's clock says 2026-11-22T10:00:00Z",
    ],
    [{ exp: now - 86_400 }, "ERR_IDTOKEN_EXPIRED", "expired 24h ago"],
    [{ exp: 0 }, "ERR_IDTOKEN_EXPIRED", "valid until 1970-01-01T00:00:00Z"],
    [
      { iat: now + 61, exp: now + 400 },
      "ERR_IDTOKEN_NOT_YET_VALID",
      "only in 1m 1s: it starts at 2026-11-22T10:01:01Z",
    ],
    [{ nbf: now + 3600 }, "ERR_IDTOKEN_NOT_YET_VALID", "only in 1h"],
  ])("refuses %j", (claims, code, text) => {
    expect(() => checkTimes(claims, "the input id-token", clock)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(text) }),
    );
  });
});

describe("describeNearExpiry", () => {
  it.each([
    [{ exp: now + 61 }, undefined],
    [{}, undefined],
    [{ exp: "soon" }, undefined],
    [
      { exp: now + 60 },
      "expires in 1m: it is valid until 2026-11-22T10:01:00Z, and this machine's clock says",
    ],
    [{ exp: now + 5 }, "expires in 5s"],
    [{ exp: now - 30 }, "expired 30s ago"],
  ])("says of %j: %s", (claims, text) => {
    const said = describeNearExpiry(claims, "the input id-token", clock);
    expect(said).toEqual(text === undefined ? undefined : expect.stringContaining(text));
  });
});
