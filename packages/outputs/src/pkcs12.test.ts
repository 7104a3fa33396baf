import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "@bot-join/core";
import { describe, expect, test } from "vitest";
import { requireTool, runTool } from "../../../test/support/tools.ts";
import { type Pkcs12Identity, renderPkcs12 } from "./pkcs12.ts";
import { recorded, recordedIdentity, type TemporaryFolder, temporaryFolder } from "./test-support.ts";

const hostCa = recorded("application", "teleport-host-ca.crt");
const userCa = recorded("application", "teleport-user-ca.crt");
const databaseCa = recorded("application", "teleport-database-ca.crt");

function recordedRsa(): Pkcs12Identity {
  return { ...recordedIdentity("application"), caCertificates: [hostCa, userCa, databaseCa] };
}

/** An ECDSA key and a certificate of a small authority, made by openssl. */
function ecdsa(openssl: string, folder: TemporaryFolder): Pkcs12Identity {
  const at = (name: string): string => join(folder.path, name);
  const make = (name: string, args: string[]): void => {
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
    runTool(openssl, [
      "req",
      "-x509",
      ...curve,
      "-keyout",
      at(`${name}.key`),
      "-out",
      at(`${name}.crt`),
      ...args,
    ]);
  };
  make("authority", ["-subj", "/O=ec.test/CN=ec.test"]);
  make("server", ["-subj", "/O=ec.test/CN=server authority"]);
  const issuer = ["-CA", at("authority.crt"), "-CAkey", at("authority.key")];
  make("leaf", ["-subj", "/CN=bot", ...issuer]);
  const read = (name: string): string => readFileSync(at(name), "utf8");
  return {
    privateKeyPem: new Secret(read("leaf.key")),
    tlsCertificate: read("leaf.crt"),
    caCertificates: [read("authority.crt"), read("server.crt")],
  };
}

/** Without white space, what follows or precedes the PEM blocks left out. */
function blocks(text: string): string[] {
  return text.match(/-----BEGIN [\s\S]*?-----END [^\n]*/g) ?? [];
}

const password = "p\"w $1 & '~";

describe.each(["RSA", "ECDSA"])("with an %s key", (type) => {
  test("openssl reads back key, certificate and authorities, under modern algorithms", async (context) => {
    const openssl = requireTool(context, "openssl");
    using folder = await temporaryFolder();
    const identity = type === "RSA" ? recordedRsa() : ecdsa(openssl, folder);
    const path = join(folder.path, "out.p12");
    writeFileSync(path, renderPkcs12(identity, new Secret(password), "teleport"));
    const read = (...args: string[]): string =>
      runTool(openssl, ["pkcs12", "-in", path, "-passin", "stdin", "-noenc", ...args], `${password}\n`);
    expect(blocks(read("-nokeys", "-clcerts"))).toEqual(blocks(identity.tlsCertificate));
    const issuer = type === "RSA" ? userCa : identity.caCertificates[0];
    const trusted = identity.caCertificates.filter((pem) => pem !== issuer);
    expect(blocks(read("-nokeys", "-cacerts"))).toEqual(trusted.flatMap(blocks));
    const [key = ""] = blocks(read("-nocerts"));
    const publicKey = (pem: string): string => runTool(openssl, ["pkey", "-pubout"], pem);
    expect(publicKey(key)).toBe(publicKey(identity.privateKeyPem.reveal()));
    expect(read("-nokeys")).toMatch(/friendlyName: teleport\n\s+localKeyID: /);
    expect(() => runTool(openssl, ["pkcs12", "-in", path, "-passin", "stdin"], "wrong\n")).toThrow(
      /invalid password/,
    );
  });

  test("Java's keytool finds the key without its issuer, and the authorities trusted", async (context) => {
    const keytool = requireTool(context, "keytool");
    const openssl = requireTool(context, "openssl");
    using folder = await temporaryFolder();
    const identity = type === "RSA" ? recordedRsa() : ecdsa(openssl, folder);
    const path = join(folder.path, "out.p12");
    writeFileSync(path, renderPkcs12(identity, new Secret(password), "Teleport Öl 1"));
    const shown = runTool(keytool, [
      "-J-Duser.language=en",
      "-J-Dfile.encoding=UTF-8",
      "-list",
      "-v",
      "-keystore",
      path,
      "-storepass",
      password,
    ]);
    const entries = [...shown.matchAll(/Alias name: (.*)[\s\S]*?Entry type: (.*)/g)].map((match) => [
      match[1],
      match[2],
    ]);
    expect(entries.sort()).toEqual([
      ["ca-1", "trustedCertEntry"],
      ...(type === "RSA" ? [["ca-2", "trustedCertEntry"]] : []),
      ["teleport öl 1", "PrivateKeyEntry"],
    ]);
    expect(shown).toContain("Certificate chain length: 1");
  });
});

test("two files of the same content have nothing in common that a password protects", () => {
  const [first, second] = [1, 2].map(() => renderPkcs12(recordedRsa(), new Secret("changeit"), "bot"));
  expect(first?.length).toBe(second?.length);
  expect(first).not.toEqual(second);
});

describe("what is refused", () => {
  test.each([
    ["", "bot", "password"],
    ["pässword", "bot", "password"],
    ["pass\nword", "bot", "password"],
    ["changeit", "", "alias"],
    ["changeit", "my\nbot", "alias"],
  ])("the password %j with the alias %j", (secret, alias, what) => {
    expect(() => renderPkcs12(recordedRsa(), new Secret(secret), alias)).toThrow(
      expect.objectContaining({ code: "ERR_OUTPUT_PKCS12", message: expect.stringContaining(what) }),
    );
  });

  test.each<[string, Partial<Pkcs12Identity>]>([
    ["a key that is none", { privateKeyPem: new Secret("none") }],
    ["a certificate that is none", { tlsCertificate: "none", caCertificates: [] }],
  ])("%s", (_, over) => {
    expect(() => renderPkcs12({ ...recordedRsa(), ...over }, new Secret("changeit"), "bot")).toThrow(
      expect.objectContaining({ code: "ERR_OUTPUT_PKCS12" }),
    );
  });

  test("a key of another certificate", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const privateKeyPem = new Secret(String(privateKey.export({ type: "pkcs8", format: "pem" })));
    expect(() => renderPkcs12({ ...recordedRsa(), privateKeyPem }, new Secret("changeit"), "bot")).toThrow(
      expect.objectContaining({ code: "ERR_OUTPUT_PKCS12", message: expect.stringContaining("belong") }),
    );
  });
});
