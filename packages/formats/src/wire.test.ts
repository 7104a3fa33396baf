import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectCode, expectNoCrash } from "./testing/oracles.ts";
import { maxStructureBytes, SshReader, SshWriter } from "./wire.ts";

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex");
const read = (input: string): SshReader => new SshReader(bytes(input), "test structure");

describe("SSH wire encodings", () => {
  // The examples of RFC 4251 section 5.
  it.each<[string, string]>([
    ["", "00000000"],
    ["09a378f9b2e332a7", "0000000809a378f9b2e332a7"],
    ["80", "000000020080"],
    ["0080", "000000020080"],
    ["00007f", "000000017f"],
    ["0000", "00000000"],
  ])("writes the magnitude '%s' as mpint %s", (magnitude, encoded) => {
    expect(hex(new SshWriter().positiveMpint(bytes(magnitude)).bytes())).toBe(encoded);
  });

  it("writes numbers, strings and raw bytes one after the other", () => {
    const writer = new SshWriter()
      .uint32(699921578)
      .uint64(1n)
      .string("testing")
      .string(bytes("ff"))
      .raw(bytes("0102"));
    expect(hex(writer.bytes())).toBe("29b7f4aa00000000000000010000000774657374696e6700000001ff0102");
  });

  it.each([-1n, 2n ** 64n])("refuses to write %s as uint64", (value) => {
    expect(() => new SshWriter().uint64(value)).toThrow(RangeError);
  });

  it("reads back what was written", () => {
    const reader = read("29b7f4aaffffffffffffffff0000000774657374696e67000000020080");
    expect(reader.uint32("a")).toBe(699921578);
    expect(reader.uint64("b")).toBe(2n ** 64n - 1n);
    expect(reader.text("c")).toBe("testing");
    expect(reader.atEnd).toBe(false);
    expect(reader.positiveMpint("d")).toEqual(bytes("80"));
    expect(reader.atEnd).toBe(true);
    reader.end();
  });

  it("keeps a byte order mark", () => {
    expect(read("00000003efbbbf").text("a")).toBe("\ufeff");
  });

  it.each<[string, string, (reader: SshReader) => unknown]>([
    ["a short uint32", "000000", (reader) => reader.uint32("a")],
    ["a short uint64", "00000000000000", (reader) => reader.uint64("a")],
    ["a string longer than the rest", "0000000261", (reader) => reader.string("a")],
    ["a string of 4 GiB", "ffffffff61", (reader) => reader.string("a")],
    ["text that is not UTF-8", "00000001ff", (reader) => reader.text("a")],
    ["an mpint of zero", "00000000", (reader) => reader.positiveMpint("a")],
    ["a negative mpint", "0000000180", (reader) => reader.positiveMpint("a")],
    ["an mpint with a needless 00", "00000002007f", (reader) => reader.positiveMpint("a")],
    ["an mpint of 00", "0000000100", (reader) => reader.positiveMpint("a")],
    ["trailing bytes", "00", (reader) => reader.end()],
  ])("refuses %s", (_, input, action) => {
    expectCode(() => action(read(input)), "ERR_FORMAT_SSH_WIRE");
  });

  it("says what was read, which part failed and what was there", () => {
    expect(() => read("0000000261").string("key id")).toThrow(
      "Cannot read the test structure: key id needs 2 bytes at 4, 1 are left.",
    );
  });

  it("takes the largest allowed structure and refuses one byte more", () => {
    expect(new SshReader(new Uint8Array(maxStructureBytes), "test structure").atEnd).toBe(false);
    expectCode(
      () => new SshReader(new Uint8Array(maxStructureBytes + 1), "test structure"),
      "ERR_FORMAT_SSH_WIRE",
    );
  });

  it("reads any written sequence back", () => {
    const magnitude = fc.uint8Array({ minLength: 1 }).filter((value) => value[0] !== 0);
    const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.string({ unit: "binary" }),
        magnitude,
        uint64,
        (blob, text, number, long) => {
          const written = new SshWriter()
            .string(blob)
            .string(text)
            .positiveMpint(number)
            .uint64(long)
            .bytes();
          const reader = new SshReader(written, "test structure");
          expect(reader.string("a")).toEqual(blob);
          expect(reader.text("b")).toBe(text);
          expect(reader.positiveMpint("c")).toEqual(number);
          expect(reader.uint64("d")).toBe(long);
          reader.end();
        },
      ),
    );
  });

  it("never fails otherwise on arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (input) => {
        for (const action of ["uint32", "uint64", "string", "text", "positiveMpint", "end"] as const) {
          expectNoCrash(() => new SshReader(input, "test structure")[action]("a"));
        }
      }),
    );
  });
});
