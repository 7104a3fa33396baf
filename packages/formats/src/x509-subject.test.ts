import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import type { asn1 as forge } from "node-forge";
import asn1 from "node-forge/lib/asn1.js";
import { describe, expect, it } from "vitest";
import { attribute, der, name, toBytes, unsignedCertificate } from "./testing/certificates.ts";
import { expectCode, expectNoCrash, runOracle, TestFolder, vector } from "./testing/oracles.ts";
import { readSubject, type SubjectAttribute } from "./x509-subject.ts";

const { SEQUENCE, SET, OID, UTF8, PRINTABLESTRING, IA5STRING, BMPSTRING, INTEGER, OCTETSTRING } = asn1.Type;
const cn = "2.5.4.3";
const subjectOf = (...values: forge.Asn1[]): SubjectAttribute[] =>
  readSubject(unsignedCertificate(name(values)));

/** Has openssl read a subject as dotted numbers and plain values; no value may hold " + " or a line break. */
function opensslSubject(
  context: Parameters<typeof runOracle>[0],
  certificate: Uint8Array,
): SubjectAttribute[] {
  const args = ["x509", "-inform", "DER", "-noout", "-subject", "-nameopt", "oid,utf8,sep_multiline"];
  const lines = runOracle(context, "openssl", args, certificate).split("\n").slice(1, -1);
  return lines.flatMap((line) =>
    line
      .trim()
      .split(" + ")
      .map((pair) => ({ oid: pair.slice(0, pair.indexOf("=")), value: pair.slice(pair.indexOf("=") + 1) })),
  );
}

const recorded = [
  "identity",
  "deploy-only",
  "bot",
  "rpc",
  "application",
  "database-pg",
  "host-ca",
  "user-ca",
  "database-ca",
];

describe("the subject of a certificate", () => {
  it.for(recorded)("of the recorded %s.crt is what openssl reads", (file, context) => {
    const { raw } = new X509Certificate(vector(`${file}.crt`));
    const subject = readSubject(raw);
    expect(subject).toEqual(opensslSubject(context, raw));
    expect(subject.length).toBeGreaterThan(2);
  });

  it("of a bot's own certificate has these attributes", () => {
    expect(readSubject(new X509Certificate(vector("bot.crt")).raw)).toEqual([
      { oid: "2.5.4.7", value: "-teleport-internal-join" },
      { oid: "2.5.4.7", value: "-teleport-nologin-1265ee66-61b5-41fd-bf22-42f433ecd2f0" },
      { oid: "2.5.4.9", value: "bot.test" },
      { oid: "2.5.4.17", value: '{"logins":null}' },
      { oid: "2.5.4.10", value: "bot-robot" },
      { oid: "2.5.4.3", value: "bot-robot" },
      { oid: "1.3.9999.1.7", value: "bot.test" },
      { oid: "1.3.9999.1.15", value: "none" },
    ]);
  });

  it("of a certificate that openssl made is read alike", (context) => {
    const folder = new TestFolder();
    const config = folder.write(
      "config",
      "oid_section = oids\n[oids]\ngeneration = 1.3.9999.1.14\ninstance = 1.3.9999.2.20\n" +
        "[req]\ndistinguished_name = dn\n[dn]\n",
    );
    const subject =
      "/CN=bot-ci/O=a+O=b/generation=7/instance=3f6c/UID=x/emailAddress=a@b/serialNumber=9/DC=test/L=Zürich ✓";
    const args = [
      "req",
      "-config",
      config,
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
    ];
    const out = ["-keyout", `${folder.path}/key`, "-out", `${folder.path}/crt`];
    runOracle(context, "openssl", [...args, "-utf8", "-multivalue-rdn", "-subj", subject, ...out]);
    const { raw } = new X509Certificate(folder.read("crt"));
    const expected = opensslSubject(context, raw);
    expect(readSubject(raw)).toEqual(expected);
    expect(expected).toHaveLength(10);
    expect(expected.at(-1)?.value).toBe("Zürich ✓");
  });

  it.each<[string, number, string, string]>([
    ["UTF8String", UTF8, "Z\xc3\xbcrich", "Zürich"],
    ["PrintableString", PRINTABLESTRING, "Zurich 8", "Zurich 8"],
    ["PrintableString with a star", PRINTABLESTRING, "*.a_b", "*.a_b"],
    ["IA5String", IA5STRING, "a@b\x01", "a@b\x01"],
    ["NumericString", 18, "12 3", "12 3"],
    ["VisibleString", 26, "a~", "a~"],
    ["TeletexString", 20, "Z\xfcrich", "Zürich"],
    ["BMPString", BMPSTRING, "Zürich \ud83d\ude00", "Zürich 😀"],
    ["an empty UTF8String", UTF8, "", ""],
  ])("takes a %s", (_, type, content, value) => {
    expect(subjectOf(attribute(cn, content, type))).toEqual([{ oid: cn, value }]);
  });

  it.each(["0.9.2342.19200300.100.1.1", "1.3.9999.2.20", "2.5.4.3", "2.16.840.1.113730.1", "1.3.4294967295"])(
    "takes the object identifier %s",
    (oid) => {
      expect(subjectOf(attribute(oid, "x"))).toEqual([{ oid, value: "x" }]);
    },
  );

  it("takes an object identifier whose second number is above 39", () => {
    const type = der(OID, "\x88\x37\x03");
    expect(subjectOf(der(SEQUENCE, [type, der(UTF8, "x")]))).toEqual([{ oid: "2.999.3", value: "x" }]);
  });

  it("is read in a certificate of version 1, and may be empty", () => {
    expect(readSubject(unsignedCertificate(name([attribute(cn, "x")]), 1))).toEqual([
      { oid: cn, value: "x" },
    ]);
    expect(readSubject(unsignedCertificate(name()))).toEqual([]);
  });

  it("keeps the encoded order, whatever it is", () => {
    const subject = name([attribute("2.5.4.10", "b")], [attribute(cn, "x"), attribute("2.5.4.10", "a")]);
    expect(readSubject(unsignedCertificate(subject)).map(({ value }) => value)).toEqual(["b", "x", "a"]);
  });

  it.each<[string, forge.Asn1]>([
    ["UTF8String that is not UTF-8", attribute(cn, "\xff")],
    ["PrintableString that is not ASCII", attribute(cn, "\xfc", PRINTABLESTRING)],
    ["IA5String that is not ASCII", attribute(cn, "\x80", IA5STRING)],
    ["value that is a number", attribute(cn, "\x01", INTEGER)],
    ["value of bytes", attribute(cn, "x", OCTETSTRING)],
    ["value that is a sequence", der(SEQUENCE, [der(OID, "\x55\x04\x03"), der(SEQUENCE, [])])],
    [
      "value of a private class",
      der(SEQUENCE, [der(OID, "\x55\x04\x03"), asn1.create(asn1.Class.PRIVATE, 12, false, "x")]),
    ],
    ["type that is no object identifier", der(SEQUENCE, [der(UTF8, cn), der(UTF8, "x")])],
    ["type without a value", der(SEQUENCE, [der(OID, "\x55\x04\x03")])],
    ["third part", der(SEQUENCE, [der(OID, "\x55\x04\x03"), der(UTF8, "x"), der(UTF8, "y")])],
    ["set in place of the attribute", der(SET, [der(OID, "\x55\x04\x03"), der(UTF8, "x")])],
    ["empty object identifier", der(SEQUENCE, [der(OID, ""), der(UTF8, "x")])],
    ["object identifier that is cut off", der(SEQUENCE, [der(OID, "\x55\x84"), der(UTF8, "x")])],
    ["padded object identifier", der(SEQUENCE, [der(OID, "\x55\x80\x04"), der(UTF8, "x")])],
    ["endless object identifier", der(SEQUENCE, [der(OID, `\x55${"\xff".repeat(9)}\x01`), der(UTF8, "x")])],
  ])("may not have a %s", (_, broken) => {
    expectCode(() => subjectOf(broken), "ERR_FORMAT_X509");
  });

  it.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array()],
    ["text", Buffer.from("-----BEGIN CERTIFICATE-----")],
    ["a number", toBytes(der(INTEGER, "\x01"))],
    ["an empty sequence", toBytes(der(SEQUENCE, []))],
    ["a certificate without fields", toBytes(der(SEQUENCE, [der(SEQUENCE, [])]))],
    ["an empty relative name", unsignedCertificate(name([]))],
    ["a subject that is a set", unsignedCertificate(der(SET, []))],
    ["a subject that is a string", unsignedCertificate(der(UTF8, "x"))],
    ["a relative name that is a sequence", unsignedCertificate(der(SEQUENCE, [der(SEQUENCE, [])]))],
    ["a byte too many", Uint8Array.of(...unsignedCertificate(name()), 0)],
    ["values nested without end", Buffer.from("3080".repeat(1000), "hex")],
    ["more than a certificate can have", new Uint8Array(256 * 1024 + 1)],
  ])("is not found in %s", (_, bytes) => {
    expectCode(() => readSubject(bytes), "ERR_FORMAT_X509");
  });

  it.each<[string, string]>([
    ["an over-long length", "300d310b30090603550403" + "0c810178"],
    ["an over-long length of the set", "300d31810a30080603550403" + "0c0178"],
    ["an odd BMPString", "300c310a30080603550403" + "1e0178"],
    ["an indefinite length", "3080310a30080603550403" + "0c0178" + "0000"],
  ])("is refused with %s", (_, hex) => {
    // A value of the same size holds the place, so that everything around keeps its lengths.
    const subject = Buffer.from(hex, "hex");
    const placeholder = toBytes(der(OCTETSTRING, "\xee".repeat(subject.length - 2)));
    const certificate = Buffer.from(
      unsignedCertificate(asn1.fromDer(Buffer.from(placeholder).toString("latin1"))),
    );
    subject.copy(certificate, certificate.indexOf(placeholder));
    expectCode(() => readSubject(certificate), "ERR_FORMAT_X509");
  });

  it("is refused in a certificate that is cut off anywhere", () => {
    const certificate = unsignedCertificate(name([attribute(cn, "x")]));
    for (let length = 0; length < certificate.length; length++) {
      expectCode(() => readSubject(certificate.subarray(0, length)), "ERR_FORMAT_X509");
    }
  });

  it("never causes another error, whatever byte is damaged", () => {
    const originals = recorded.map((file) => new X509Certificate(vector(`${file}.crt`)).raw);
    const damaged = fc
      .tuple(fc.constantFrom(...originals), fc.nat(), fc.nat(255))
      .map(([original, at, byte]) => {
        const copy = Uint8Array.from(original);
        copy[at % copy.length] = byte;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array()), (bytes) => expectNoCrash(() => readSubject(bytes))),
      { numRuns: 500 },
    );
  });
});
