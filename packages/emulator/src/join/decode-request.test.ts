import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Refusal } from "../refusal.ts";
import { decodeJoinRequest } from "./decode-request.ts";

describe("join.md section 2.1, as Go's decoder", () => {
  it("takes keys in any case, the last one wins, and ignores unknown ones", () => {
    const request = decodeJoinRequest({ HOSTID: "a", TOKEN: "b", token: "c", Zzz: [1] });
    expect(request).toMatchObject({ hostId: "a", token: "c" });
  });

  it("takes null and absence alike", () => {
    expect(decodeJoinRequest({ hostID: null, public_ssh_key: null, dns_names: null, expires: null })).toEqual(
      decodeJoinRequest(null),
    );
  });

  it("takes base64 with line breaks", () => {
    const { publicSshKey } = decodeJoinRequest({ public_ssh_key: "AAEC\r\nAw==" });
    expect([...publicSshKey]).toEqual([0, 1, 2, 3]);
  });

  it.each([
    ["2026-11-22T04:41:49.983Z", "2026-11-22T04:41:49.983Z"],
    ["2026-11-22T04:41:49Z", "2026-11-22T04:41:49.000Z"],
    ["2026-11-22T06:41:49.123456789+02:00", "2026-11-22T04:41:49.123Z"],
  ])("reads the time %s", (written, expected) => {
    expect(decodeJoinRequest({ expires: written }).expires?.toISOString()).toBe(expected);
  });

  const unmarshal = "request: json: cannot unmarshal";
  const field = "into Go struct field RegisterUsingTokenRequest";
  it.each<[string, unknown, string]>([
    ["a list", [], `${unmarshal} array into Go value of type types.RegisterUsingTokenRequest`],
    ["a text", "x", `${unmarshal} string into Go value of type types.RegisterUsingTokenRequest`],
    ["token a number", { token: 1 }, `${unmarshal} number ${field}.token of type string`],
    ["role a boolean", { role: true }, `${unmarshal} bool ${field}.role of type string`],
    ["token an object", { token: {} }, `${unmarshal} object ${field}.token of type string`],
    ["dns_names a text", { dns_names: "x" }, `${unmarshal} string ${field}.dns_names of type []string`],
    ["a key as number", { public_ssh_key: 1 }, `${unmarshal} number ${field}.public_ssh_key of type []uint8`],
    ["no base64", { public_ssh_key: "!" }, "request: illegal base64 data at input byte 0"],
    ["base64 without padding", { ec2_id: "AA" }, "request: illegal base64 data at input byte 2"],
    ["expires a number", { expires: 1 }, "request: Time.UnmarshalJSON: input is not a JSON string"],
    [
      "expires no time",
      { expires: "tomorrow" },
      'request: parsing time "tomorrow" as "2006-01-02T15:04:05Z07:00": cannot parse',
    ],
  ])("refuses %s", (_name, body, message) => {
    expect(() => decodeJoinRequest(body)).toThrow(new Refusal("bad-parameter", message));
  });

  it("does nothing but decode or refuse, whatever comes", () => {
    const keys = fc.constantFrom("hostID", "ROLE", "token", "public_ssh_key", "dns_names", "expires", "zzz");
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(keys, fc.jsonValue())), (body) => {
        try {
          decodeJoinRequest(body);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
    );
  });
});
