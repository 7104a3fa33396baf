import { expect, test } from "vitest";
import { authAlpn, encodeClusterName } from "./cluster-name.ts";

test("a cluster's name is written in hex", () => {
  expect(encodeClusterName("root.example.com")).toBe(
    "726f6f742e6578616d706c652e636f6d.teleport.cluster.local",
  );
  expect(encodeClusterName("Ä")).toBe("c384.teleport.cluster.local");
  expect(authAlpn("example.com")).toBe("teleport-auth@6578616d706c652e636f6d.teleport.cluster.local");
});

test("an ALPN entry has 255 bytes, and a longer name is an error", () => {
  expect(Buffer.byteLength(authAlpn("c".repeat(109)))).toBe(255);
  for (const name of ["c".repeat(110), "ä".repeat(55)]) {
    expect(() => authAlpn(name)).toThrow(
      expect.objectContaining({
        code: "ERR_TRANSPORT_CLUSTER_NAME",
        message: expect.stringContaining("110 bytes"),
      }),
    );
  }
});
