import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { requireTool, runTool } from "../../../../test/support/tools.ts";

/** A certificate that openssl made, with its key. */
export interface TestCertificate {
  certificatePem: string;
  privateKeyPem: string;
}

/** What a leaf certificate holds. */
export interface LeafOptions {
  /** Subject alternative names as openssl writes them: `DNS:localhost`, `IP:127.0.0.1`. */
  names?: string[];
  /** Negative for a certificate that has expired. Default 1. */
  days?: number;
}

/** A certificate authority in memory; openssl makes every certificate. */
export interface TestAuthority {
  certificatePem: string;
  issue(options?: LeafOptions): TestCertificate;
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

function inFolder<T>(work: (path: (name: string) => string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "bot-join-ca-"));
  try {
    return work((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function once<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}

/**
 * Makes an authority with the subject that every CA of a Teleport cluster has: all alike but for the serial
 * number attribute (user-certs.md section 3.4).
 * The same arguments give the same authority, and the same certificates, within a test file.
 */
export function createAuthority(context: TestContext, serialNumber: string): TestAuthority {
  requireTool(context, "openssl");
  return authorityOf(serialNumber);
}

const authorityOf = once((serialNumber: string): TestAuthority => {
  const authority = inFolder((path) => {
    const subject = `/O=bot.test/CN=bot.test/serialNumber=${serialNumber}`;
    const files = ["-keyout", path("key"), "-out", path("crt")];
    runTool("openssl", ["req", "-x509", ...newKey, "-subj", subject, "-days", "2", ...files]);
    return {
      certificatePem: readFileSync(path("crt"), "utf8"),
      privateKeyPem: readFileSync(path("key"), "utf8"),
    };
  });
  const issue = once(
    (options: string): TestCertificate =>
      inFolder((path) => {
        const { names = [], days = 1 } = JSON.parse(options) as LeafOptions;
        writeFileSync(path("ca.crt"), authority.certificatePem);
        writeFileSync(path("ca.key"), authority.privateKeyPem);
        const san = names.length === 0 ? "" : `subjectAltName=${names.join(",")}\n`;
        writeFileSync(path("ext"), `basicConstraints=CA:FALSE\n${san}`);
        runTool("openssl", [
          "req",
          ...newKey,
          "-subj",
          "/CN=leaf",
          "-keyout",
          path("key"),
          "-out",
          path("csr"),
        ]);
        const signer = ["-CA", path("ca.crt"), "-CAkey", path("ca.key"), "-set_serial", "7"];
        const leaf = [
          "-in",
          path("csr"),
          "-out",
          path("crt"),
          "-extfile",
          path("ext"),
          "-days",
          String(days),
        ];
        runTool("openssl", ["x509", "-req", ...signer, ...leaf]);
        return {
          certificatePem: readFileSync(path("crt"), "utf8"),
          privateKeyPem: readFileSync(path("key"), "utf8"),
        };
      }),
  );
  return {
    certificatePem: authority.certificatePem,
    issue: (options = {}) => issue(JSON.stringify(options)),
  };
});
