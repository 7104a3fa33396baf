import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeOptions, parseOptions } from "./openssh-options.ts";
import { expectCode, expectNoCrash } from "./testing/oracles.ts";
import { SshWriter } from "./wire.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const pairs = (...names: string[]): Uint8Array =>
  names.reduce((writer, name) => writer.string(name).string(""), new SshWriter()).bytes();

describe("certificate options", () => {
  // The worked bytes of user-certs.md section 3.1.
  it.each<[Record<string, string>, string]>([
    [{}, ""],
    [{ "disallow-reissue": "" }, "00000010646973616c6c6f772d7265697373756500000000"],
    [{ impersonator: "bot-ci" }, "0000000c696d706572736f6e61746f720000000a00000006626f742d6369"],
  ])("writes and reads %j", (options, encoded) => {
    expect(hex(encodeOptions(options))).toBe(encoded);
    expect(parseOptions(Buffer.from(encoded, "hex"), "options")).toEqual(options);
  });

  it("sorts names by their bytes", () => {
    // In UTF-16, U+1F600 comes before U+FF5E; in UTF-8 after it.
    const names = ["b", "B", "a", "aa", "\u{1f600}", "\uff5e"];
    const encoded = encodeOptions(Object.fromEntries(names.map((name) => [name, ""])));
    expect(encoded).toEqual(pairs("B", "a", "aa", "b", "\uff5e", "\u{1f600}"));
  });

  it("keeps a name that objects already have", () => {
    const options = parseOptions(pairs("__proto__"), "options");
    expect(Object.entries(options)).toEqual([["__proto__", ""]]);
  });

  it.each<[string, Uint8Array]>([
    ["unsorted", pairs("b", "a")],
    ["repeated", pairs("a", "a")],
  ])("refuses %s names", (_, bytes) => {
    expectCode(() => parseOptions(bytes, "options"), "ERR_FORMAT_SSH_CERTIFICATE");
  });

  it.each<[string, Uint8Array]>([
    ["a name without data", new SshWriter().string("a").bytes()],
    ["data that is no string", new SshWriter().string("a").string("x").bytes()],
    ["data of more than one string", new SshWriter().string("a").string(pairs("x")).bytes()],
    [
      "a value that is not text",
      new SshWriter()
        .string("a")
        .string(Uint8Array.of(0, 0, 0, 1, 255))
        .bytes(),
    ],
  ])("refuses %s", (_, bytes) => {
    expectCode(() => parseOptions(bytes, "options"), "ERR_FORMAT_SSH_WIRE");
  });

  it("reads any written options back, and never fails otherwise on arbitrary bytes", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(fc.dictionary(text, text, { noNullPrototype: true }), (options) => {
        expect(parseOptions(encodeOptions(options), "options")).toEqual(options);
      }),
    );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => expectNoCrash(() => parseOptions(bytes, "options"))));
  });
});
