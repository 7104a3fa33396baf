import { expect, it } from "vitest";
import { ipAddressBytes } from "./ip-address.ts";

it.each([
  ["127.0.0.1", "7f000001"],
  ["::", "0".repeat(32)],
  ["::1", "1".padStart(32, "0")],
  ["fe80::", `fe80${"0".repeat(28)}`],
  ["2001:db8:0:1:2:3:4:5", "20010db8000000010002000300040005"],
  ["::ffff:192.0.2.1", `${"0".repeat(20)}ffffc0000201`],
])("writes %s as %s", (address, hex) => {
  expect(Buffer.from(ipAddressBytes(address)).toString("hex")).toBe(hex);
});

it("refuses a name", () => {
  expect(() => ipAddressBytes("localhost")).toThrow(TypeError);
});
