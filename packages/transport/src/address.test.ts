import { describe, expect, test } from "vitest";
import { formatHostPort, parseProxyAddress } from "./address.ts";

describe("parseProxyAddress", () => {
  test.each([
    ["example.teleport.sh", { host: "example.teleport.sh", port: 443 }],
    ["example.teleport.sh:443", { host: "example.teleport.sh", port: 443 }],
    ["localhost:3080", { host: "localhost", port: 3080 }],
    ["https://example.com", { host: "example.com", port: 443 }],
    ["https://example.com:8443/", { host: "example.com", port: 8443 }],
    ["HTTPS://Example.COM", { host: "Example.COM", port: 443 }],
    ["http://example.com:3080", { host: "example.com", port: 3080 }],
    ["tcp://example.com:1", { host: "example.com", port: 1 }],
    ["10.0.0.7:65535", { host: "10.0.0.7", port: 65535 }],
    ["[2001:db8::7]:3080", { host: "2001:db8::7", port: 3080 }],
    ["[::1]", { host: "::1", port: 443 }],
  ])("%s", (text, expected) => {
    expect(parseProxyAddress(text)).toEqual(expected);
  });

  test.each([
    ["", "is not host:port"],
    [":443", "is not host:port"],
    ["example.com:", 'has the port ""'],
    ["example.com:0", 'has the port "0"'],
    ["example.com:65536", 'has the port "65536"'],
    ["example.com:https", 'has the port "https"'],
    ["example.com:4 43", 'has the port "4 43"'],
    ["example.com:443:443", "is not host:port"],
    ["example.com/web", "has a path"],
    ["https://example.com:443/web/login", "has a path"],
    ["ssh://example.com", 'has the scheme "ssh"'],
    ["::1", "is an IPv6 address without brackets"],
    ["2001:db8::7:3080", "is an IPv6 address without brackets"],
    ["[example.com]:443", "is not host:port"],
    ["[10.0.0.7]:443", "is not host:port"],
    ["[::1", "is not host:port"],
    ["exa mple.com", "is not host:port"],
    ["exämple.com", "has a host name with other signs"],
    ["example.com?x=1", "has a host name with other signs"],
  ])("%j is refused", (text, why) => {
    expect(() => parseProxyAddress(text)).toThrow(
      expect.objectContaining({
        code: "ERR_TRANSPORT_ADDRESS",
        kind: "user",
        message: expect.stringContaining(why),
      }),
    );
  });

  test("does not show a password that was given in front of the host", () => {
    for (const text of [
      "https://me:hunter2@example.com:443",
      "me:hunter2@example.com/x",
      "me@hunter2@example.com",
    ]) {
      expect(() => parseProxyAddress(text)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
      );
    }
  });
});

test.each([
  [{ host: "example.com", port: 443 }, "example.com:443"],
  [{ host: "10.0.0.7", port: 1 }, "10.0.0.7:1"],
  [{ host: "2001:db8::7", port: 3080 }, "[2001:db8::7]:3080"],
])("formatHostPort %j", (address, text) => {
  expect(formatHostPort(address)).toBe(text);
  expect(parseProxyAddress(text)).toEqual(address);
});
