import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAuthorizedKey, parseAuthorizedKey } from "./authorized-key.ts";
import {
  type OpenSshCertificate,
  type OpenSshCertificateFields,
  parseOpenSshCertificate,
  signOpenSshCertificate,
  verifyOpenSshCertificate,
} from "./openssh-certificate.ts";
import { encodePublicKey, type PublicKeyType } from "./openssh-public-key.ts";
import {
  expectCode,
  expectNoCrash,
  keyPairs,
  keyTypes,
  runOracle,
  TestFolder,
  vector,
} from "./testing/oracles.ts";
import { SshWriter } from "./wire.ts";

const blobOf = (type: PublicKeyType): Uint8Array => encodePublicKey(keyPairs[type].publicKey);
const forever = 2n ** 64n - 1n;

function userFields(changes: Partial<OpenSshCertificateFields> = {}): OpenSshCertificateFields {
  return {
    publicKey: blobOf("ssh-ed25519"),
    serial: 2n ** 64n - 2n,
    kind: "user",
    keyId: "bot-ci",
    principals: ["root", "deploy", "-teleport-internal-join"],
    validAfter: 1795323139n,
    validBefore: 1795324999n,
    criticalOptions: { "source-address": "10.0.0.1/32" },
    extensions: { "permit-pty": "", impersonator: "bot-ci", "disallow-reissue": "" },
    ...changes,
  };
}

/** What ssh-keygen -L calls a key type. */
const shortNames: Readonly<Record<PublicKeyType, string>> = {
  "ssh-rsa": "RSA",
  "ecdsa-sha2-nistp256": "ECDSA",
  "ecdsa-sha2-nistp384": "ECDSA",
  "ecdsa-sha2-nistp521": "ECDSA",
  "ssh-ed25519": "ED25519",
};

const fingerprint = (blob: Uint8Array): string =>
  `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;

const combinations = keyTypes.flatMap((subject) => keyTypes.map((ca) => [subject, ca] as const));

describe("OpenSSH certificates that are signed here", () => {
  it.for(combinations)("are read by ssh-keygen -L: %s key, %s CA", ([subject, ca], context) => {
    const line = signOpenSshCertificate(userFields({ publicKey: blobOf(subject) }), keyPairs[ca].privateKey);
    const file = new TestFolder().write("key-cert.pub", `${line}\n`);
    const algorithm = ca === "ssh-rsa" ? "rsa-sha2-512" : ca;
    expect(runOracle(context, "ssh-keygen", ["-L", "-f", file]).split("\n")).toEqual([
      `${file}:`,
      `        Type: ${subject}-cert-v01@openssh.com user certificate`,
      `        Public key: ${shortNames[subject]}-CERT ${fingerprint(blobOf(subject))}`,
      `        Signing CA: ${shortNames[ca]} ${fingerprint(blobOf(ca))} (using ${algorithm})`,
      '        Key ID: "bot-ci"',
      "        Serial: 18446744073709551614",
      "        Valid: from 2026-11-22T04:52:19 to 2026-11-22T05:23:19",
      "        Principals: ",
      "                root",
      "                deploy",
      "                -teleport-internal-join",
      "        Critical Options: ",
      "                source-address 10.0.0.1/32",
      "        Extensions: ",
      "                disallow-reissue UNKNOWN FLAG OPTION",
      "                impersonator UNKNOWN OPTION: 00000006626f742d6369 (len 10)",
      "                permit-pty",
      "",
    ]);
  });

  it("may be for a host, for ever, for everyone and without any option", (context) => {
    const fields = userFields({
      kind: "host",
      keyId: "",
      principals: [],
      validAfter: 0n,
      validBefore: forever,
      criticalOptions: {},
      extensions: {},
    });
    const line = signOpenSshCertificate(fields, keyPairs["ssh-rsa"].privateKey);
    const file = new TestFolder().write("key-cert.pub", `${line}\n`);
    const listing = runOracle(context, "ssh-keygen", ["-L", "-f", file]);
    expect(listing).toContain("Type: ssh-ed25519-cert-v01@openssh.com host certificate");
    expect(listing).toContain("Valid: forever");
    expect(listing).toContain("Principals: (none)");
    expect(listing).toContain("Critical Options: (none)");
    expect(listing).toContain("Extensions: (none)");
    expect(parseOpenSshCertificate(line)).toMatchObject(fields);
  });

  it("have these bytes", () => {
    const publicKey = new SshWriter().string("ssh-ed25519").string(new Uint8Array(32).fill(0x22)).bytes();
    const fields = userFields({ publicKey, nonce: new Uint8Array(32).fill(0x11), principals: ["root"] });
    const { signedBytes } = parseOpenSshCertificate(
      signOpenSshCertificate(fields, keyPairs["ssh-ed25519"].privateKey),
    );
    const expected = [
      `00000020${Buffer.from("ssh-ed25519-cert-v01@openssh.com").toString("hex")}`,
      `00000020${"11".repeat(32)}`,
      `00000020${"22".repeat(32)}`,
      "fffffffffffffffe",
      "00000001",
      "00000006626f742d6369",
      "00000008" + "00000004726f6f74",
      "000000006b027503",
      "000000006b027c47",
      "00000025" + "0000000e736f757263652d61646472657373" + "0000000f0000000b31302e302e302e312f3332",
      "00000048" +
        "00000010646973616c6c6f772d7265697373756500000000" +
        "0000000c696d706572736f6e61746f720000000a00000006626f742d6369" +
        "0000000a7065726d69742d70747900000000",
      "00000000",
      `00000033${Buffer.from(blobOf("ssh-ed25519")).toString("hex")}`,
    ];
    expect(Buffer.from(signedBytes).toString("hex")).toBe(expected.join(""));
  });

  it("get a fresh nonce of 32 bytes", () => {
    const sign = (): OpenSshCertificate =>
      parseOpenSshCertificate(signOpenSshCertificate(userFields(), keyPairs["ssh-ed25519"].privateKey));
    expect(sign().nonce).toHaveLength(32);
    expect(sign().nonce).not.toEqual(sign().nonce);
  });

  it("are not made for another certificate or a damaged key", () => {
    const { privateKey } = keyPairs["ssh-ed25519"];
    const certificate = parseAuthorizedKey(signOpenSshCertificate(userFields(), privateKey)).blob;
    const publicKey = blobOf("ssh-rsa").subarray(0, -1);
    expectCode(
      () => signOpenSshCertificate(userFields({ publicKey: certificate }), privateKey),
      "ERR_FORMAT_SSH_KEY",
    );
    expectCode(() => signOpenSshCertificate(userFields({ publicKey }), privateKey), "ERR_FORMAT_SSH_WIRE");
  });

  it("are parsed back with every value", () => {
    const text = fc.string({ unit: "binary" });
    const uint64 = fc.bigInt({ min: 0n, max: forever });
    const options = fc.dictionary(text, text, { noNullPrototype: true });
    const fields = fc.record<OpenSshCertificateFields>({
      publicKey: fc.constantFrom(...keyTypes).map(blobOf),
      serial: uint64,
      kind: fc.constantFrom("user", "host"),
      keyId: text,
      principals: fc.array(text),
      validAfter: uint64,
      validBefore: uint64,
      criticalOptions: options,
      extensions: options,
      nonce: fc.uint8Array(),
    });
    const { publicKey, privateKey } = keyPairs["ssh-ed25519"];
    fc.assert(
      fc.property(fields, (given) => {
        const parsed = parseOpenSshCertificate(signOpenSshCertificate(given, privateKey));
        const { type, signatureKey, signature, signedBytes, ...rest } = parsed;
        expect(rest).toEqual(given);
        expect(signatureKey).toEqual(encodePublicKey(publicKey));
        expect(verifyOpenSshCertificate(parsed, signatureKey)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

const keygenTypes = [
  ["rsa", "2048"],
  ["ecdsa", "256"],
  ["ecdsa", "384"],
  ["ecdsa", "521"],
  ["ed25519", "256"],
] as const;

describe("OpenSSH certificates that ssh-keygen signs", () => {
  it.for(keygenTypes)("are parsed and verified: %s CA of %s bits", ([name, bits], context) => {
    const folder = new TestFolder();
    const ca = `${folder.path}/ca`;
    runOracle(context, "ssh-keygen", ["-q", "-t", name, "-b", bits, "-N", "", "-f", ca]);
    const caBlob = parseAuthorizedKey(folder.read("ca.pub")).blob;
    for (const type of keyTypes) {
      const subject = folder.write("key.pub", `${formatAuthorizedKey(blobOf(type))}\n`);
      const options = [
        "-O",
        "clear",
        "-O",
        "permit-pty",
        "-O",
        "force-command=id",
        "-O",
        "extension:a@b=c d",
      ];
      const validity = ["-V", "20261122045219Z:20261122052319Z"];
      runOracle(context, "ssh-keygen", [
        "-q",
        "-s",
        ca,
        "-I",
        "an id",
        "-n",
        "root,deploy",
        "-z",
        "7",
        ...validity,
        ...options,
        subject,
      ]);
      const certificate = parseOpenSshCertificate(folder.read("key-cert.pub"));
      expect(certificate).toMatchObject({
        type: `${type}-cert-v01@openssh.com`,
        publicKey: blobOf(type),
        serial: 7n,
        kind: "user",
        keyId: "an id",
        principals: ["root", "deploy"],
        validAfter: 1795323139n,
        validBefore: 1795324999n,
        criticalOptions: { "force-command": "id" },
        extensions: { "a@b": "c d", "permit-pty": "" },
        signatureKey: caBlob,
      });
      expect(verifyOpenSshCertificate(certificate, caBlob)).toBe(true);
    }
  });

  it.for([
    ["rsa-sha2-512", true],
    ["rsa-sha2-256", true],
    ["ssh-rsa", false],
  ] as const)("by RSA with %s verify: %s", ([algorithm, expected], context) => {
    const folder = new TestFolder();
    const ca = folder.write("ca", keyPairs["ssh-rsa"].privateKey.export({ type: "pkcs8", format: "pem" }));
    const subject = folder.write("key.pub", `${formatAuthorizedKey(blobOf("ssh-ed25519"))}\n`);
    runOracle(context, "ssh-keygen", ["-q", "-h", "-s", ca, "-t", algorithm, "-I", "host", subject]);
    const certificate = parseOpenSshCertificate(folder.read("key-cert.pub"));
    expect(certificate).toMatchObject({ kind: "host", principals: [], validAfter: 0n, validBefore: forever });
    expect(verifyOpenSshCertificate(certificate, blobOf("ssh-rsa"))).toBe(expected);
  });
});

const userCa = parseAuthorizedKey(vector("user-ca.pub")).blob;
const hostCa = parseAuthorizedKey(vector("known_hosts").split(" ").slice(2).join(" ")).blob;

const impersonated = {
  "disallow-reissue": "",
  impersonator: "bot-robot",
  "permit-port-forwarding": "",
  "permit-pty": "",
  "private-key-policy": "none",
  "teleport-roles": '{"version":"v1","roles":["ssh-access","deploy-only"]}',
  "teleport-route-to-cluster": "bot.test",
  "teleport-traits": '{"logins":null}',
};

describe("OpenSSH certificates of a Teleport 14.2.0 cluster", () => {
  it.each<[string, Uint8Array, Uint8Array, Partial<OpenSshCertificate>]>([
    [
      "identity",
      userCa,
      hostCa,
      {
        type: "ssh-rsa-cert-v01@openssh.com",
        publicKey: parseAuthorizedKey(vector("identity.pub")).blob,
        serial: 0n,
        kind: "user",
        keyId: "bot-robot",
        principals: ["root", "deploy", "-teleport-internal-join"],
        validAfter: 1795323139n,
        validBefore: 1795324999n,
        criticalOptions: {},
        extensions: impersonated,
      },
    ],
    [
      "deploy-only",
      userCa,
      hostCa,
      {
        type: "ssh-rsa-cert-v01@openssh.com",
        serial: 0n,
        kind: "user",
        keyId: "bot-robot",
        principals: ["deploy", "-teleport-internal-join"],
        validAfter: 1795323139n,
        validBefore: 1795324999n,
        criticalOptions: {},
        extensions: { ...impersonated, "teleport-roles": '{"version":"v1","roles":["deploy-only"]}' },
      },
    ],
    [
      "bot",
      userCa,
      hostCa,
      {
        type: "ecdsa-sha2-nistp256-cert-v01@openssh.com",
        serial: 0n,
        kind: "user",
        keyId: "bot-robot",
        principals: ["-teleport-nologin-1265ee66-61b5-41fd-bf22-42f433ecd2f0", "-teleport-internal-join"],
        validAfter: 1795321850n,
        validBefore: 1795325510n,
        criticalOptions: {},
        extensions: {
          "permit-port-forwarding": "",
          "permit-pty": "",
          "private-key-policy": "none",
          "teleport-roles": '{"version":"v1","roles":["bot-robot"]}',
          "teleport-route-to-cluster": "bot.test",
          "teleport-traits": '{"logins":null}',
        },
      },
    ],
    [
      "rpc",
      userCa,
      hostCa,
      {
        type: "ecdsa-sha2-nistp256-cert-v01@openssh.com",
        principals: ["root", "deploy", "-teleport-internal-join"],
        validAfter: 1795322280n,
        validBefore: 1795325940n,
        criticalOptions: {},
        extensions: impersonated,
      },
    ],
    [
      "ssh-host",
      hostCa,
      userCa,
      {
        type: "ssh-rsa-cert-v01@openssh.com",
        serial: 0n,
        kind: "host",
        keyId: "",
        principals: ["db.bot.test"],
        validAfter: 1795323141n,
        validBefore: 1795325001n,
        criticalOptions: {},
        extensions: { "x-teleport-authority": "bot.test", "x-teleport-role": "Node" },
      },
    ],
  ])("%s is decoded and verified", (name, ca, otherCa, expected) => {
    const line = vector(`${name}-cert.pub`);
    const certificate = parseOpenSshCertificate(line);
    expect(certificate).toMatchObject(expected);
    expect(certificate.criticalOptions).toEqual(expected.criticalOptions);
    expect(certificate.extensions).toEqual(expected.extensions);
    expect(certificate.signatureKey).toEqual(ca);
    expect(verifyOpenSshCertificate(certificate, ca)).toBe(true);
    expect(verifyOpenSshCertificate(certificate, otherCa)).toBe(false);
    const { signedBytes, signature } = certificate;
    const again = new SshWriter().raw(signedBytes).string(signature).bytes();
    expect(formatAuthorizedKey(again)).toBe(line.trim());
  });
});

describe("broken OpenSSH certificates", () => {
  const { privateKey } = keyPairs["ssh-ed25519"];
  const line = signOpenSshCertificate(userFields(), privateKey);
  const { blob } = parseAuthorizedKey(line);

  it("do not verify after any change of what is signed", () => {
    const certificate = parseOpenSshCertificate(line);
    const signedBytes = Uint8Array.from(certificate.signedBytes);
    for (let at = 0; at < signedBytes.length; at += 7) {
      signedBytes[at] = (signedBytes[at] ?? 0) ^ 1;
      expect(verifyOpenSshCertificate({ ...certificate, signedBytes }, blobOf("ssh-ed25519"))).toBe(false);
      signedBytes[at] = (signedBytes[at] ?? 0) ^ 1;
    }
  });

  it("do not verify against a CA that they do not name, even if it signed them", () => {
    const certificate = { ...parseOpenSshCertificate(line), signatureKey: blobOf("ssh-rsa") };
    expect(verifyOpenSshCertificate(certificate, blobOf("ssh-ed25519"))).toBe(false);
  });

  it.each<[string, string, string, string]>([
    [
      "a kind of 3",
      "0000000100000006626f742d6369",
      "0000000300000006626f742d6369",
      "ERR_FORMAT_SSH_CERTIFICATE",
    ],
    [
      "a kind of 0",
      "0000000100000006626f742d6369",
      "0000000000000006626f742d6369",
      "ERR_FORMAT_SSH_CERTIFICATE",
    ],
    ["a key id that is not text", "00000006626f742d6369", "00000006ff6f742d6369", "ERR_FORMAT_SSH_WIRE"],
    ["a principal that is not text", "00000004726f6f74", "00000004ff6f6f74", "ERR_FORMAT_SSH_WIRE"],
    ["a principal that is too long", "00000004726f6f74", "000000ff726f6f74", "ERR_FORMAT_SSH_WIRE"],
  ])("are refused: %s", (_, from, to, code) => {
    const hex = Buffer.from(blob).toString("hex");
    const at = hex.indexOf(from);
    const changed = formatAuthorizedKey(
      Buffer.from(hex.slice(0, at) + to + hex.slice(at + from.length), "hex"),
    );
    expectCode(() => parseOpenSshCertificate(changed), code as "ERR_FORMAT_SSH_WIRE");
  });

  it.each<[string, string]>([
    ["a plain key", formatAuthorizedKey(blobOf("ssh-rsa"))],
    [
      "an older certificate type",
      formatAuthorizedKey(new SshWriter().string("ssh-rsa-cert-v00@openssh.com").bytes()),
    ],
  ])("are refused: %s", (_, text) => {
    expectCode(() => parseOpenSshCertificate(text), "ERR_FORMAT_SSH_CERTIFICATE");
  });

  it("are refused: a key type that is not known", () => {
    const type = "ssh-dss-cert-v01@openssh.com";
    const text = formatAuthorizedKey(new SshWriter().string(type).string("nonce").bytes());
    expectCode(() => parseOpenSshCertificate(text), "ERR_FORMAT_SSH_KEY");
  });

  it("are refused wherever they are cut off, and with a byte too many", () => {
    for (let length = 60; length < blob.length; length++) {
      const cut = formatAuthorizedKey(blob.subarray(0, length));
      expectCode(() => parseOpenSshCertificate(cut), "ERR_FORMAT_SSH_WIRE");
    }
    const longer = formatAuthorizedKey(Uint8Array.of(...blob, 0));
    expectCode(() => parseOpenSshCertificate(longer), "ERR_FORMAT_SSH_WIRE");
  });

  it("never cause another error, whatever byte is damaged", () => {
    const blobs = ["identity", "bot", "ssh-host"].map(
      (name) => parseAuthorizedKey(vector(`${name}-cert.pub`)).blob,
    );
    const damaged = fc.tuple(fc.constantFrom(blob, ...blobs), fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(damaged, ([original, at, byte]) => {
        const copy = Uint8Array.from(original);
        copy[at % copy.length] = byte;
        expectNoCrash(() => {
          const certificate = parseOpenSshCertificate(formatAuthorizedKey(copy));
          verifyOpenSshCertificate(certificate, certificate.signatureKey);
        });
      }),
      { numRuns: 500 },
    );
  });
});
