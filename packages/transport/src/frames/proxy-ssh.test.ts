import { ProxySSHRequestSchema, type ProxySSHResponse, ProxySSHResponseSchema } from "@bot-join/proto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeProxySshResponse,
  encodeDialTarget,
  encodeSshFrame,
  maxSshFrameBytes,
  type ProxySshResponse,
} from "./proxy-ssh.ts";

/** What the generated code, our judge, makes of a response. */
function judge(bytes: Uint8Array): ProxySshResponse {
  const { details, frame }: ProxySSHResponse = fromBinary(ProxySSHResponseSchema, bytes);
  const payload = frame.case === "ssh" ? frame.value.payload : new Uint8Array();
  return { connected: details !== undefined, ssh: payload.length === 0 ? undefined : Buffer.from(payload) };
}

/** Ours, an empty payload counting as none, as it does for whoever uses it. */
function ours(bytes: Uint8Array): ProxySshResponse {
  const { connected, ssh } = decodeProxySshResponse(bytes);
  return { connected, ssh: ssh === undefined || ssh.length === 0 ? undefined : Buffer.from(ssh) };
}

const payloads = fc.uint8Array({ minLength: 1, maxLength: 300 });

describe("requests", () => {
  test("a dial target is what the generated code reads", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 300 }),
        fc.string({ unit: "binary" }),
        (hostPort, cluster) => {
          const read = fromBinary(ProxySSHRequestSchema, encodeDialTarget(hostPort, cluster));
          expect(read.dialTarget).toMatchObject({ hostPort, cluster });
          expect(read.frame.case).toBeUndefined();
        },
      ),
    );
    expect(Buffer.from(encodeDialTarget("node:22", "c")).toString("hex")).toBe(
      "0a0c0a076e6f64653a3232120163",
    );
  });

  test("a frame is, byte for byte, what the generated code writes", () => {
    const sizes = [1, 2, 123, 124, 127, 128, 129, 16_379, 16_383, maxSshFrameBytes, 65_536, 3_000_000];
    for (const size of sizes) {
      const payload = Buffer.alloc(size, 0x5a);
      const expected = toBinary(
        ProxySSHRequestSchema,
        create(ProxySSHRequestSchema, { frame: { case: "ssh", value: { payload } } }),
      );
      expect(Buffer.compare(encodeSshFrame(payload), expected), `${size} bytes`).toBe(0);
    }
  });
});

describe("decodeProxySshResponse", () => {
  const frames = fc.oneof(
    fc.constant(undefined),
    fc.record({
      case: fc.constantFrom("ssh" as const, "agent" as const),
      value: fc.record({ payload: payloads }),
    }),
  );

  test("reads what the generated code writes", () => {
    fc.assert(
      fc.property(fc.option(fc.boolean(), { nil: undefined }), frames, (fips, frame) => {
        const bytes = toBinary(
          ProxySSHResponseSchema,
          create(ProxySSHResponseSchema, {
            ...(fips === undefined ? {} : { details: { fipsEnabled: fips } }),
            ...(frame === undefined ? {} : { frame }),
          }),
        );
        expect(ours(bytes)).toEqual(judge(bytes));
      }),
    );
  });

  test.each([
    ["", false, undefined],
    ["0a00", true, undefined],
    ["0a020801", true, undefined],
    ["12030a0141", false, "A"],
    ["0a0012030a0141", true, "A"],
    ["1200", false, undefined],
    ["12020a00", false, undefined],
    ["1a030a0141", false, undefined],
    // Fields that a later version may add, of every wire type, before and inside.
    ["9a0601ff0a00", true, undefined],
    ["980696019d06010203040a00", true, undefined],
    ["a1060102030405060708a5060102030412030a0141", false, "A"],
    ["12079a0601ff0a0141", false, "A"],
    // A length written with more bytes than it needs.
    ["1283808080000a0141", false, "A"],
  ])("%s", (hex, connected, ssh) => {
    const bytes = Buffer.from(hex, "hex");
    expect(judge(bytes)).toEqual({ connected, ssh: ssh === undefined ? undefined : Buffer.from(ssh) });
    expect(ours(bytes)).toEqual(judge(bytes));
  });

  test.each([
    ["ends in a tag", "80"],
    ["ends in a length", "0a80"],
    ["is shorter than its length", "0a05"],
    ["has a frame shorter than its length", "12030a0541"],
    ["has a length beyond all numbers", "0affffffffffffffffff01"],
    ["has a number without end", "80808080808080808080808080"],
    ["ends in 8 fixed bytes", "0901020304"],
    ["ends in 4 fixed bytes", "0d0102"],
    ["has the field 0", "0200"],
    ["has a field number of 33 bits", "8280808080010141"],
    ["starts a group", "0b0c"],
    ["ends a group", "0c"],
    ["has the wire type 6", "0e"],
    ["has the wire type 7", "0f"],
  ])("refuses what %s", (_what, hex) => {
    expect(() => decodeProxySshResponse(Buffer.from(hex, "hex"))).toThrow(RangeError);
  });

  test("any bytes give a response or a RangeError", () => {
    const tagged = fc.tuple(fc.constantFrom(0x0a, 0x12, 0x1a, 0x08, 0x0d), fc.uint8Array({ maxLength: 12 }));
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      tagged.map(([tag, body]) => Uint8Array.from([tag, body.length, ...body])),
    );
    fc.assert(
      fc.property(bytes, (message) => {
        try {
          decodeProxySshResponse(message);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
