import fc from "fast-check";
import { expect, it } from "vitest";
import { createSshPrefixGuard } from "./ssh-prefix-guard.ts";

it("lets SSH through however it is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 6 }), (cuts) => {
      const guard = createSshPrefixGuard();
      const bytes = Buffer.from("SSH-2.0-OpenSSH_9.2\r\nand anything after it");
      let at = 0;
      for (const cut of cuts) {
        guard(bytes.subarray(at, at + cut));
        at += cut;
      }
      guard(bytes.subarray(at));
    }),
  );
});

it.each(["GET / HTTP/1.1", "SSH-1.99-x", "ssh-2.0"])("stops %s", (text) => {
  expect(() => createSshPrefixGuard()(Buffer.from(text))).toThrow("only SSH connections");
});
