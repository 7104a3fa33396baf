import type { asn1 } from "node-forge";
import forgeAsn1 from "node-forge/lib/asn1.js";

/** One ASN.1 value, to be written as DER. */
export type DerValue = asn1.Asn1;

const { Class, Type } = forgeAsn1;

/** Writes a value as DER. */
export function encodeDer(value: DerValue): Buffer {
  return Buffer.from(forgeAsn1.toDer(value).getBytes(), "latin1");
}

/** Makes a SEQUENCE. */
export function sequence(...members: DerValue[]): DerValue {
  return forgeAsn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, members);
}

/** Makes a SET OF, whose members DER sorts by their encoded bytes (X.690 section 11.6). */
export function setOf(...members: DerValue[]): DerValue {
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

/** Makes an INTEGER from a whole number below 2 to the 31st that is not negative. */
export function integer(value: number): DerValue {
  return primitive(Type.INTEGER, Buffer.from(forgeAsn1.integerToDer(value).getBytes(), "latin1"));
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
export function bmpString(text: string): DerValue {
  // forge writes two bytes for each character of this type itself.
  return forgeAsn1.create(Class.UNIVERSAL, Type.BMPSTRING, false, text);
}

/** Makes `[0]` around a value. */
export function explicit0(value: DerValue): DerValue {
  return forgeAsn1.create(Class.CONTEXT_SPECIFIC, 0, true, [value]);
}

/** Makes `[0]` in place of an OCTET STRING's own tag. */
export function implicit0(bytes: Uint8Array): DerValue {
  return forgeAsn1.create(Class.CONTEXT_SPECIFIC, 0, false, Buffer.from(bytes).toString("latin1"));
}

function primitive(type: asn1.Type, bytes: Uint8Array): DerValue {
  return forgeAsn1.create(Class.UNIVERSAL, type, false, Buffer.from(bytes).toString("latin1"));
}
