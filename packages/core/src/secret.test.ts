import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { encodePem } from "./pem.ts";
import { maskableParts, Secret } from "./secret.ts";

describe("Secret", () => {
  const secret = new Secret("hunter2!");

  it("gives its value only by reveal", () => {
    expect(secret.reveal()).toBe("hunter2!");
  });

  it.each<[string, () => string]>([
    ["String()", () => String(secret)],
    ["a template", () => `${secret}`],
    ["join", () => ["", secret].join("")],
    ["JSON", () => JSON.stringify({ secret })],
    ["inspect", () => inspect(secret, { showHidden: true, depth: null })],
    ["Object.values", () => Object.values(secret).join()],
    ["structuredClone", () => inspect(structuredClone(secret))],
  ])("shows nothing through %s", (_, show) => {
    expect(show()).not.toContain("hunter2");
  });

  it("says that it is redacted", () => {
    expect(`${secret} ${JSON.stringify(secret)}`).toBe('[redacted] "[redacted]"');
  });
});

describe("maskableParts", () => {
  const der = Uint8Array.from({ length: 100 }, (_, index) => index);
  const base64 = Buffer.from(der).toString("base64");
  const lines = [base64.slice(0, 64), base64.slice(64, 128), base64.slice(128)];
  const pem = encodePem("PRIVATE KEY", der);

  it.each<[string, string, string[]]>([
    ["a plain value", "hunter2!", ["hunter2!"]],
    ["a value with space around", "  hunter2!\n", ["hunter2!"]],
    ["a value of several lines", "first\r\n  second\nab\n", ["first\r\n  second\nab", "first", "second"]],
    ["a value of equal lines", "same\nsame", ["same\nsame", "same"]],
    ["a key", pem, [pem.trim(), ...lines, lines.join("")]],
    ["a key on one line", pem.replaceAll("\n", ""), [pem.replaceAll("\n", ""), lines.join("")]],
    ["a value of four characters", "abcd", ["abcd"]],
    ["a value too short to mask", "abc", []],
    ["an empty value", "", []],
  ])("of %s", (_, value, parts) => {
    expect(maskableParts(new Secret(value))).toEqual(parts);
  });

  it("leaves out PEM armour, which is no secret", () => {
    const parts = maskableParts(new Secret(pem));
    expect(parts).not.toContain("-----BEGIN PRIVATE KEY-----");
    expect(parts).not.toContain("-----END PRIVATE KEY-----");
  });
});
