import { encodePem } from "@bot-join/core";
import type { asn1 as forge } from "node-forge";
import asn1 from "node-forge/lib/asn1.js";
import { keyPairs } from "./oracles.ts";

/** Makes a DER node. */
export function der(type: number, value: string | forge.Asn1[]): forge.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, type, typeof value !== "string", value);
}

/** Makes an attribute of a name; the value is given as the bytes of its string, one character a byte. */
export function attribute(oid: string, value: string, type: number = asn1.Type.UTF8): forge.Asn1 {
  return der(asn1.Type.SEQUENCE, [der(asn1.Type.OID, asn1.oidToDer(oid).getBytes()), der(type, value)]);
}

/** Makes a name of one relative name for each group. */
export function name(...groups: forge.Asn1[][]): forge.Asn1 {
  return der(
    asn1.Type.SEQUENCE,
    groups.map((group) => der(asn1.Type.SET, group)),
  );
}

/** Writes a DER node. */
export function toBytes(node: forge.Asn1): Uint8Array {
  return Buffer.from(asn1.toDer(node).getBytes(), "latin1");
}

/** Makes a certificate with a real key and a signature of zeros, which is all that reading needs. */
export function unsignedCertificate(subject: forge.Asn1, version = 3): Uint8Array {
  const { SEQUENCE, INTEGER, OID, UTCTIME, BITSTRING } = asn1.Type;
  const spki = keyPairs["ecdsa-sha2-nistp256"].publicKey.export({ type: "spki", format: "der" });
  const algorithm = (): forge.Asn1 =>
    der(SEQUENCE, [der(OID, asn1.oidToDer("1.2.840.10045.4.3.2").getBytes())]);
  const fields = [
    der(INTEGER, "\x01"),
    algorithm(),
    name([attribute("2.5.4.3", "issuer")]),
    der(SEQUENCE, [der(UTCTIME, "261122000000Z"), der(UTCTIME, "361122000000Z")]),
    subject,
    asn1.fromDer(spki.toString("latin1"), { decodeBitStrings: false }),
  ];
  if (version === 3) {
    fields.unshift(asn1.create(asn1.Class.CONTEXT_SPECIFIC, 0, true, [der(INTEGER, "\x02")]));
  }
  return toBytes(der(SEQUENCE, [der(SEQUENCE, fields), algorithm(), der(BITSTRING, "\x00".repeat(9))]));
}

/** The same in PEM. */
export function unsignedCertificatePem(subject: forge.Asn1): string {
  return encodePem("CERTIFICATE", unsignedCertificate(subject));
}
