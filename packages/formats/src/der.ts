import type { asn1 } from "node-forge";
import forgeAsn1 from "node-forge/lib/asn1.js";

/** One ASN.1 value, to be written as DER. */
export type DerValue = asn1.Asn1;

const { Class, Type } = forgeAsn1;

/** Writes a value as DER. */
export function encodeDer(value: DerValue): Buffer {
  return Buffer.from(forgeAsn1.toDer(value).getBytes(), "latin1");
}

/** Reads DER without looking into BIT STRINGs, so that writing it again gives the same bytes. */
export function decodeDer(bytes: Uint8Array): DerValue {
  return forgeAsn1.fromDer(Buffer.from(bytes).toString("latin1"), { decodeBitStrings: false });
}

/** Makes a SEQUENCE. */
export function sequence(...members: DerValue[]): DerValue {
  return forgeAsn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, members);
}

/** Makes a SET OF, whose members DER sorts by their encoded bytes (X.690 section 11.6). */
export function setOf(members: readonly DerValue[]): DerValue {
  const sorted = members
    .map((member) => ({ member, bytes: encodeDer(member) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ member }) => member);
  return forgeAsn1.create(Class.UNIVERSAL, Type.SET, true, sorted);
}

/** Makes an OBJECT IDENTIFIER from its dotted form. */
export function objectIdentifier(oid: string): DerValue {
  return primitive(Type.OID, Buffer.from(forgeAsn1.oidToDer(oid).getBytes(), "latin1"));
}

/** Makes an INTEGER from a number that is not negative. */
export function integer(value: bigint): DerValue {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  // A leading one bit would make it negative.
  const negative = (bytes[0] ?? 0) >= 0x80;
  return primitive(Type.INTEGER, negative ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

/** Makes a BOOLEAN. */
export function boolean(value: boolean): DerValue {
  return primitive(Type.BOOLEAN, Buffer.of(value ? 0xff : 0));
}

/** Makes a NULL. */
export function nullValue(): DerValue {
  return primitive(Type.NULL, Buffer.alloc(0));
}

/** Makes an OCTET STRING. */
export function octetString(bytes: Uint8Array): DerValue {
  return primitive(Type.OCTETSTRING, bytes);
}

/** Makes a BMPString. */
export function bmpString(value: string): DerValue {
  // forge writes two bytes for each character of this type itself.
  return forgeAsn1.create(Class.UNIVERSAL, Type.BMPSTRING, false, value);
}

/** Makes a BIT STRING of whole bytes, or of fewer bits. */
export function bitString(bytes: Uint8Array, unusedBits = 0): DerValue {
  return primitive(Type.BITSTRING, Buffer.concat([Buffer.of(unusedBits), bytes]));
}

/**
 * Makes a PrintableString when every character is of those that Go counts as printable, else a UTF8String
 * (user-certs.md section 3.2).
 */
export function text(value: string): DerValue {
  const printable = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value);
  return primitive(printable ? Type.PRINTABLESTRING : Type.UTF8, Buffer.from(value, "utf8"));
}

/** Makes a time of whole seconds: UTCTime from 1950 to 2049, else GeneralizedTime (RFC 5280 section 4.1.2.5). */
export function time(date: Date): DerValue {
  const year = date.getUTCFullYear();
  const digits = `${date
    .toISOString()
    .replace(/\.\d+Z$/, "")
    .replace(/[-:T]/g, "")}Z`;
  const short = year >= 1950 && year <= 2049;
  return primitive(
    short ? Type.UTCTIME : Type.GENERALIZEDTIME,
    Buffer.from(short ? digits.slice(2) : digits),
  );
}

/** Makes a value with a context-specific tag: `[tag]` around others, or `[tag]` instead of a primitive's own. */
export function tagged(tag: number, content: readonly DerValue[] | Uint8Array): DerValue {
  return content instanceof Uint8Array
    ? forgeAsn1.create(Class.CONTEXT_SPECIFIC, tag, false, Buffer.from(content).toString("latin1"))
    : forgeAsn1.create(Class.CONTEXT_SPECIFIC, tag, true, [...content]);
}

function primitive(type: asn1.Type, bytes: Uint8Array): DerValue {
  return forgeAsn1.create(Class.UNIVERSAL, type, false, Buffer.from(bytes).toString("latin1"));
}
