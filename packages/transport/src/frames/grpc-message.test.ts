import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeGrpcHeader, GrpcMessageReader, maxGrpcMessageBytes } from "./grpc-message.ts";

function frame(message: Uint8Array): Buffer {
  return Buffer.concat([encodeGrpcHeader(message.length), message]);
}

/** Cuts bytes at the given places, whatever their order; equal places give empty pieces. */
function cut(bytes: Uint8Array, places: number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

describe("GrpcMessageReader", () => {
  test("a header is a zero and the length", () => {
    expect(Buffer.from(encodeGrpcHeader(0x01020304)).toString("hex")).toBe("0001020304");
  });

  test("any chunking gives the same messages", () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
    fc.assert(
      fc.property(messages, fc.array(fc.nat(400), { maxLength: 30 }), (sent, places) => {
        const reader = new GrpcMessageReader();
        const bytes = Buffer.concat(sent.map(frame));
        const received = cut(bytes, places).flatMap((piece) => reader.push(piece));
        expect(received.map((message) => Buffer.from(message))).toEqual(
          sent.map((message) => Buffer.from(message)),
        );
      }),
    );
  });

  test("bytes that are no frames give messages or a RangeError, never anything else", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 10 }), (pieces) => {
        const reader = new GrpcMessageReader();
        try {
          for (const piece of pieces) reader.push(piece);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });

  test("a message of the greatest length passes, byte by byte at its ends", () => {
    const message = Buffer.alloc(maxGrpcMessageBytes, 7);
    const bytes = Buffer.concat([frame(message), frame(Buffer.from("next"))]);
    const reader = new GrpcMessageReader();
    const received = [
      ...cut(bytes, [1, 2, 3, 4, 5, 6, 70_000, 2_000_000, bytes.length - 10]),
      Buffer.alloc(0),
    ].flatMap((piece) => reader.push(piece));
    expect(received.map(({ length }) => length)).toEqual([maxGrpcMessageBytes, 4]);
    expect(Buffer.compare(received[0] ?? Buffer.alloc(0), message)).toBe(0);
  });

  test.each([
    ["compressed", "01 00000001 00", "compressed"],
    ["too long", "00 00400001", "4194305 bytes"],
    ["the longest there is", "00 ffffffff", "4294967295 bytes"],
  ])("a message that is %s is refused by its header", (_what, hex, why) => {
    const reader = new GrpcMessageReader();
    expect(() => reader.push(Buffer.from(hex.replaceAll(" ", ""), "hex"))).toThrow(
      expect.objectContaining({ name: "RangeError", message: expect.stringContaining(why) }),
    );
  });
});
