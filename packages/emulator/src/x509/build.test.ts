import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePem } from "@bot-join/core";
import { readTeleportIdentity } from "@bot-join/formats";
import { decodeDer, encodeDer } from "@bot-join/formats/der";
import { afterAll, describe, expect, it } from "vitest";
import { requireTool, runTool } from "../../../../test/support/tools.ts";
import { createAuthority } from "../authority/authority.ts";
import { buildCertificate, type CertificateIssuer } from "./build.ts";
import { nameToDer } from "./name.ts";
import { teleportSubject } from "./teleport-subject.ts";
import { createWebAuthority, issueWebCertificate } from "./web-certificate.ts";

const vector = (name: string): string =>
  readFileSync(new URL(`../../../../test/vectors/formats/${name}`, import.meta.url), "utf8");
const recordedLeaf = vector("identity.crt");

const now = new Date("2026-11-22T04:53:19.750Z");
const folder = mkdtempSync(join(tmpdir(), "bot-join-x509-"));
afterAll(() => rmSync(folder, { recursive: true }));

const keys: Readonly<Record<string, KeyObject>> = {
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
  p256: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
};

function authorityOf(kind: string): CertificateIssuer & { tlsCertificatePem: string } {
  const tlsKey = keys[kind];
  if (tlsKey === undefined) throw new Error(`no key ${kind}`);
  return createAuthority({ type: "user", clusterName: "bot.test", tlsKey, now });
}

/** Its container insists on a reflection polyfill when it is loaded, of which reading certificates needs nothing. */
async function importPeculiar(): Promise<typeof import("@peculiar/x509")> {
  const nothing = (): undefined => undefined;
  Object.assign(Reflect, { getMetadata: nothing, getOwnMetadata: nothing, defineMetadata: nothing });
  return await import("@peculiar/x509");
}

/** The members of the signed part of a certificate, each as hex: a text that two certificates can be compared by. */
function membersOf(pem: string): string[] {
  const signed = decodeDer(parsePem(pem)[0]?.der ?? new Uint8Array()).value[0];
  if (typeof signed !== "object" || typeof signed.value === "string") throw new Error("not a certificate");
  return signed.value.map((member) => encodeDer(member).toString("hex"));
}
const member = { signature: 2, issuer: 3, validity: 4, subject: 5, extensions: 7 } as const;

const recordedSubject = teleportSubject({
  username: "bot-robot",
  roles: ["ssh-access", "deploy-only"],
  logins: ["root", "deploy", "-teleport-internal-join"],
  routeToCluster: "bot.test",
  traits: '{"logins":null}',
  attributes: {
    privateKeyPolicy: ["none"],
    disallowReissue: ["true"],
    impersonator: ["bot-robot"],
    allowedDatabaseUsers: ["*"],
    allowedDatabaseNames: ["*"],
    cluster: ["bot.test"],
    kubernetesCluster: ["kc"],
  },
});

describe("compared with certificates of a real cluster (14.2.0)", () => {
  it("writes the recorded subject byte by byte", () => {
    expect(encodeDer(nameToDer(recordedSubject)).toString("hex")).toBe(
      membersOf(recordedLeaf)[member.subject],
    );
  });

  it("writes a leaf's signature algorithm, times and extensions as recorded", () => {
    const issuer = authorityOf("rsa");
    const pem = buildCertificate({
      subject: recordedSubject,
      publicKey: createPublicKey(keys["p256"] as KeyObject),
      issuer,
      notBefore: new Date("2026-11-22T04:52:19.750Z"),
      notAfter: new Date("2026-11-22T05:23:19.750Z"),
    });
    const ours = membersOf(pem);
    const theirs = membersOf(recordedLeaf);
    expect(ours[member.signature]).toBe(theirs[member.signature]);
    expect(ours[member.validity]).toBe(theirs[member.validity]);
    const theirKeyId = "80ee431a76ff9ea0de6dd0f7c00f41f0131b8fc1";
    expect(theirs[member.extensions]).toContain(theirKeyId);
    expect(ours[member.extensions]).toBe(
      theirs[member.extensions]?.replace(theirKeyId, Buffer.from(issuer.keyId).toString("hex")),
    );
  });

  it.each(["user-ca.crt", "host-ca.crt", "database-ca.crt"])("writes what signed %s", (file) => {
    const theirs = vector(file);
    const recorded = new X509Certificate(theirs);
    const serial = BigInt(`0x${recorded.serialNumber}`);
    const name = ["bot.test", "bot.test", serial.toString()].map((value, position) => [
      { oid: ["2.5.4.10", "2.5.4.3", "2.5.4.5"][position] ?? "", value },
    ]);
    const ours = buildCertificate({
      subject: name,
      publicKey: recorded.publicKey,
      issuer: { name, privateKey: keys["rsa"] as KeyObject, keyId: new Uint8Array() },
      serial,
      notBefore: new Date(recorded.validFrom),
      notAfter: new Date(recorded.validTo),
      isAuthority: true,
    });
    // Everything that the recorded CA signed, its own key and the SHA-1 key id included.
    expect(membersOf(ours)).toEqual(membersOf(theirs));
  });
});

describe.each(["rsa", "p256"])("judged by others, CA key %s", (kind) => {
  it("openssl verifies a leaf against its CA and reads the same names", (context) => {
    const openssl = requireTool(context, "openssl");
    const authority = authorityOf(kind);
    const pem = buildCertificate({
      subject: recordedSubject,
      publicKey: createPublicKey(keys["p256"] as KeyObject),
      issuer: authority,
      notBefore: new Date(Date.UTC(2020, 0, 1)),
      notAfter: new Date(Date.UTC(2061, 0, 1)),
    });
    const [ca, leaf] = [join(folder, `${kind}-ca.pem`), join(folder, `${kind}-leaf.pem`)];
    writeFileSync(ca, authority.tlsCertificatePem);
    writeFileSync(leaf, pem);
    const at = String(Math.floor(now.getTime() / 1000));
    expect(runTool(openssl, ["verify", "-x509_strict", "-attime", at, "-CAfile", ca, leaf])).toContain("OK");
    const text = runTool(openssl, ["x509", "-in", leaf, "-noout", "-text"]);
    expect(text).toContain("L = root + L = deploy + L = -teleport-internal-join, street = bot.test");
    expect(text).toContain("O = ssh-access + O = deploy-only, CN = bot-robot, 1.3.9999.1.3 = kc");
    expect(text).toContain("Not After : Jan  1 00:00:00 2061 GMT");
  });

  it("@peculiar/x509 verifies a leaf and finds its extensions", async () => {
    const { X509Certificate: PeculiarCertificate } = await importPeculiar();
    const authority = authorityOf(kind);
    const leaf = new PeculiarCertificate(
      buildCertificate({
        subject: recordedSubject,
        publicKey: createPublicKey(keys["p256"] as KeyObject),
        issuer: authority,
        notBefore: now,
        notAfter: new Date(now.getTime() + 60_000),
      }),
    );
    const ca = new PeculiarCertificate(authority.tlsCertificatePem);
    expect(await leaf.verify({ publicKey: ca.publicKey, date: now })).toBe(true);
    expect(leaf.issuer).toBe(ca.subject);
    expect(leaf.extensions.map(({ type, critical }) => `${type} ${critical}`)).toEqual([
      "2.5.29.15 true",
      "2.5.29.37 false",
      "2.5.29.19 true",
      "2.5.29.35 false",
    ]);
  });
});

it("writes a worked example of user-certs.md section 3.2", () => {
  const [rdn = []] = teleportSubject({
    username: "",
    roles: [],
    logins: [],
    routeToCluster: "",
    traits: "",
    attributes: { cluster: ["root.example.com"] },
  }).slice(-1);
  expect(encodeDer(nameToDer([rdn])).toString("hex")).toBe(
    `301d${"31 1b 30 19 06 05 2b ce 0f 01 07 13 10 72 6f 6f 74 2e 65 78 61 6d 70 6c 65 2e 63 6f 6d".replaceAll(" ", "")}`,
  );
});

it("issues a web certificate for names and addresses that openssl accepts", (context) => {
  const openssl = requireTool(context, "openssl");
  const authority = createWebAuthority("web CA", now);
  const { certificatePem } = issueWebCertificate({
    authority,
    altNames: { dnsNames: ["localhost"], ipAddresses: ["127.0.0.1", "::1"] },
    notBefore: now,
    notAfter: new Date(now.getTime() + 86_400_000),
  });
  const [ca, leaf] = [join(folder, "web-ca.pem"), join(folder, "web.pem")];
  writeFileSync(ca, authority.certificatePem);
  writeFileSync(leaf, certificatePem);
  const at = String(Math.floor(now.getTime() / 1000) + 1);
  for (const name of [
    ["-verify_hostname", "localhost"],
    ["-verify_ip", "127.0.0.1"],
    ["-verify_ip", "::1"],
  ]) {
    expect(runTool(openssl, ["verify", "-attime", at, ...name, "-CAfile", ca, leaf])).toContain("OK");
  }
});

it("gives what the identity reader reads back", () => {
  const pem = buildCertificate({
    subject: recordedSubject,
    publicKey: createPublicKey(keys["p256"] as KeyObject),
    issuer: authorityOf("p256"),
    notBefore: now,
    notAfter: now,
  });
  expect(readTeleportIdentity(pem)).toEqual(readTeleportIdentity(recordedLeaf));
});
