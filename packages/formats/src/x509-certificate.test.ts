import { X509Certificate } from "node:crypto";
import { encodePem } from "@bot-join/core";
import { describe, expect, it } from "vitest";
import { attribute, name, unsignedCertificatePem } from "./testing/certificates.ts";
import { expectCode, runOracle, TestFolder, vector } from "./testing/oracles.ts";
import { certificatePublicKey, issuedBy } from "./x509-certificate.ts";

describe("issuedBy", () => {
  const cas = ["user-ca.crt", "host-ca.crt", "database-ca.crt"];

  it.each(["identity", "deploy-only", "bot", "rpc", "application", "database-pg"])(
    "tells the user CA from the others by %s.crt",
    (file) => {
      expect(cas.filter((ca) => issuedBy(vector(`${file}.crt`), vector(ca)))).toEqual(["user-ca.crt"]);
    },
  );

  it.each(cas)("is true for the self-signed %s alone", (file) => {
    expect(cas.filter((ca) => issuedBy(vector(file), vector(ca)))).toEqual([file]);
  });

  it.for(["rsa", "ec", "ed25519"])(
    "agrees with openssl verify about a CA with an %s key",
    (type, context) => {
      const folder = new TestFolder();
      const algorithm = type === "ec" ? ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] : [type];
      for (const file of ["ca", "other"]) {
        const out = ["-keyout", `${folder.path}/${file}.key`, "-out", `${folder.path}/${file}.crt`];
        runOracle(context, "openssl", [
          "req",
          "-x509",
          "-newkey",
          ...algorithm,
          "-nodes",
          "-subj",
          "/CN=ca",
          ...out,
        ]);
      }
      const request = [
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=leaf",
      ];
      runOracle(context, "openssl", [
        ...request,
        "-keyout",
        `${folder.path}/leaf.key`,
        "-out",
        `${folder.path}/leaf.csr`,
      ]);
      const signing = ["-CA", `${folder.path}/ca.crt`, "-CAkey", `${folder.path}/ca.key`, "-CAcreateserial"];
      const leaf = [
        "x509",
        "-req",
        "-in",
        `${folder.path}/leaf.csr`,
        ...signing,
        "-out",
        `${folder.path}/leaf.crt`,
      ];
      runOracle(context, "openssl", leaf);
      const verified = runOracle(context, "openssl", [
        "verify",
        "-CAfile",
        `${folder.path}/ca.crt`,
        `${folder.path}/leaf.crt`,
      ]);
      expect(verified).toContain("leaf.crt: OK");
      expect(issuedBy(folder.read("leaf.crt"), folder.read("ca.crt"))).toBe(true);
      expect(issuedBy(folder.read("leaf.crt"), folder.read("other.crt"))).toBe(false);
      expect(issuedBy(folder.read("leaf.crt"), vector("user-ca.crt"))).toBe(false);
    },
  );

  it("is false for a signature that is no signature", () => {
    const unsigned = unsignedCertificatePem(name([attribute("2.5.4.3", "x")]));
    expect(issuedBy(unsigned, unsigned)).toBe(false);
    expect(issuedBy(unsigned, vector("user-ca.crt"))).toBe(false);
  });
});

describe("certificatePublicKey", () => {
  it("gives the key", () => {
    expect(certificatePublicKey(vector("bot.crt")).asymmetricKeyDetails).toMatchObject({
      namedCurve: "prime256v1",
    });
  });

  it("refuses a certificate whose key cannot be read", () => {
    const hex = new X509Certificate(vector("bot.crt")).raw.toString("hex");
    // The object identifier of P-256 becomes one that no curve has.
    const unknownCurve = hex.replace("06082a8648ce3d030107", "06082a8648ce3d03017f");
    const pem = encodePem("CERTIFICATE", Buffer.from(unknownCurve, "hex"));
    expectCode(() => certificatePublicKey(pem), "ERR_FORMAT_X509");
    expectCode(() => issuedBy(vector("bot.crt"), pem), "ERR_FORMAT_X509");
  });
});
