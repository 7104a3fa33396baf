import { describe, expect, test } from "vitest";
import { isExempt } from "./no-proxy.ts";

const name = { host: "web.example.com", port: 443 };
const four = { host: "10.1.2.3", port: 3080 };
const six = { host: "2001:db8::7", port: 443 };

describe("isExempt", () => {
  test.each([
    ["", name, false],
    [" , ,", name, false],
    ["*", name, true],
    ["other.test, *", name, true],
    ["example.com", name, true],
    ["EXAMPLE.com", name, true],
    ["web.example.com", name, true],
    ["xample.com", name, false],
    ["b.example.com", name, false],
    [".example.com", name, true],
    ["*.example.com", name, true],
    [".web.example.com", name, false],
    ["*.web.example.com", name, false],
    ["example.com:443", name, true],
    ["example.com:80", name, false],
    ["*.example.com:443", name, true],
    [".example.com:80", name, false],
    ["a.test , example.com ,b.test", name, true],
    ["10.1.2.3", four, true],
    ["10.1.2.3:3080", four, true],
    ["10.1.2.3:443", four, false],
    ["10.1.2.30", four, false],
    ["10.0.0.0/8", four, true],
    ["10.1.2.0/24", four, true],
    ["10.1.3.0/24", four, false],
    ["0.0.0.0/0", four, true],
    ["10.0.0.0/33", four, false],
    ["10.0.0.0/", four, false],
    ["10.0.0.0/8", name, false],
    ["10.0.0.0/8", six, false],
    ["2001:db8::7", six, true],
    ["2001:DB8:0::7", six, true],
    ["[2001:db8::7]", six, true],
    ["[2001:db8::7]:443", six, true],
    ["[2001:db8::7]:80", six, false],
    ["2001:db8::/32", six, true],
    ["2001:db9::/32", six, false],
    ["::/0", six, true],
    ["::/129", six, false],
    ["::/0", four, false],
    [":443", name, false],
    ["[", name, false],
    ["a:b:c", name, false],
  ])("%j for %j is %s", (noProxy, target, expected) => {
    expect(isExempt(noProxy, target)).toBe(expected);
  });
});
