import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkCaPins, computeCaPin } from "./ca-pin.ts";
import { expectCode, runOracle, TestFolder, vector } from "./testing/oracles.ts";

const hostCa = vector("host-ca.crt");
const userCa = vector("user-ca.crt");
const hostPin = "sha256:69d72c230787e92c2df08158589af58c7be9efa8cbc7a00e36d07fd46eb0d9d8";

describe("CA pins", () => {
  it("are the SHA-256 of the public key", () => {
    expect(computeCaPin(hostCa)).toBe(hostPin);
    expect(computeCaPin(userCa)).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(computeCaPin(userCa)).not.toBe(hostPin);
  });

  it.for(["host-ca.crt", "user-ca.crt", "database-ca.crt", "bot.crt"])(
    "agree with openssl about %s",
    (file, context) => {
      const path = new TestFolder().write("crt", vector(file));
      const pem = runOracle(context, "openssl", ["x509", "-in", path, "-noout", "-pubkey"]);
      const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
      expect(computeCaPin(vector(file))).toBe(`sha256:${createHash("sha256").update(der).digest("hex")}`);
    },
  );

  it.each<[string, string[], string[]]>([
    ["its pin", [hostCa], [hostPin]],
    [
      "its pin in upper case and with spaces around",
      [hostCa],
      [` ${hostPin.toUpperCase().replace("SHA", "sha")} `],
    ],
    ["its pin among others", [hostCa], [computeCaPin(userCa), hostPin]],
    ["a pin each", [hostCa, userCa], [computeCaPin(userCa), hostPin]],
  ])("accept certificates with %s", (_, certificates, pins) => {
    expect(() => checkCaPins(certificates, pins)).not.toThrow();
  });

  it.each<[string, string[], string[]]>([
    ["another pin", [hostCa], [computeCaPin(userCa)]],
    ["no pin", [hostCa], []],
    ["a pin for only one of two", [hostCa, userCa], [hostPin]],
    ["a pin but no certificate", [], [hostPin]],
  ])("refuse %s", (_, certificates, pins) => {
    expectCode(() => checkCaPins(certificates, pins), "ERR_FORMAT_CA_PIN_MISMATCH");
  });

  it("say which certificate is not pinned", () => {
    expect(() => checkCaPins([hostCa], [computeCaPin(userCa)])).toThrow(
      `Checked 1 CA certificates of the cluster against 1 pins: ${hostPin} matches none of them.`,
    );
    expect(() => checkCaPins([], [])).toThrow("against 0 pins: there was none to check.");
  });

  it.each([
    "",
    hostPin.slice(7),
    hostPin.slice(0, -1),
    `${hostPin}0`,
    hostPin.replace("256", "512"),
    `${hostPin},${hostPin}`,
  ])("may not be spelt %j", (pin) => {
    expectCode(() => checkCaPins([hostCa], [pin]), "ERR_FORMAT_CA_PIN");
  });

  it("refuse a certificate that cannot be read", () => {
    expectCode(() => checkCaPins(["nothing"], [hostPin]), "ERR_FORMAT_X509");
  });
});
