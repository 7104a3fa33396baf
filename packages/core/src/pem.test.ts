import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodePem, parsePem } from "./pem.ts";

const der = Uint8Array.from({ length: 100 }, (_, index) => index);
const base64 = Buffer.from(der).toString("base64");

describe("encodePem", () => {
  it("breaks lines after 64 characters and ends in a newline", () => {
    expect(encodePem("CERTIFICATE", der)).toBe(
      `-----BEGIN CERTIFICATE-----\n${base64.slice(0, 64)}\n${base64.slice(64, 128)}\n${base64.slice(128)}\n-----END CERTIFICATE-----\n`,
    );
  });

  it("writes no longer line for a body that fills its last one", () => {
    const lines = encodePem("X", der.subarray(0, 96)).split("\n");
    expect(lines.map((line) => line.length)).toEqual([17, 64, 64, 15, 0]);
  });
});

describe("parsePem", () => {
  it("reads blocks in order and skips what is around them", () => {
    const text = `before\n${encodePem("RSA PRIVATE KEY", der)}ssh-rsa AAAA\n${encodePem("CERTIFICATE", der.subarray(1))}after`;
    expect(parsePem(text)).toEqual([
      { label: "RSA PRIVATE KEY", der: Buffer.from(der) },
      { label: "CERTIFICATE", der: Buffer.from(der.subarray(1)) },
    ]);
  });

  it.each<[string, string]>([
    ["CRLF", encodePem("X", der).replaceAll("\n", "\r\n")],
    ["indentation", encodePem("X", der).replaceAll("\n", "\n    ")],
    ["one long line", `-----BEGIN X-----\n${base64}\n-----END X-----`],
    ["no line breaks at all", `-----BEGIN X-----${base64}-----END X-----`],
  ])("takes %s", (_, text) => {
    expect(parsePem(text)).toEqual([{ label: "X", der: Buffer.from(der) }]);
  });

  it.each<[string, string]>([
    ["nothing", ""],
    ["a block without an end", `-----BEGIN X-----\n${base64}\n`],
    ["an end with another label", `-----BEGIN X-----\n${base64}\n-----END Y-----`],
    [
      "headers, which mean an encrypted key",
      `-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n\n${base64}\n-----END X-----`,
    ],
    ["a label in lower case", `-----BEGIN x-----\n${base64}\n-----END x-----`],
  ])("finds no block in %s", (_, text) => {
    expect(parsePem(text)).toEqual([]);
  });

  it("takes linear time for a block of blanks that never ends", () => {
    // Quadratic time would be minutes here, beyond the test's limit.
    expect(parsePem(`-----BEGIN X-----${"\n".repeat(1_000_000)}`)).toEqual([]);
  });

  it("reads back what encodePem wrote", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (bodies) => {
        const text = bodies.map((body) => encodePem("A B 1", body)).join("");
        expect(parsePem(text)).toEqual(bodies.map((body) => ({ label: "A B 1", der: Buffer.from(body) })));
      }),
    );
  });
});
