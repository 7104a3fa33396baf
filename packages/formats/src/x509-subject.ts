import { isAscii } from "node:buffer";
import type { asn1 as forge } from "node-forge";
import asn1 from "node-forge/lib/asn1.js";
import { type FormatError, malformed } from "./errors.ts";

// RFC 5280 section 4.1, as far as the subject:
//
// | order | DER                        | name                                                              |
// |-------|----------------------------|-------------------------------------------------------------------|
// |       | SEQUENCE                   | Certificate                                                       |
// | 1     | .SEQUENCE                  | tbsCertificate                                                    |
// | 1.1   | ..[0], absent in version 1 | version                                                           |
// | 1.2   | ..INTEGER                  | serialNumber                                                      |
// | 1.3   | ..SEQUENCE                 | signature                                                         |
// | 1.4   | ..SEQUENCE                 | issuer                                                            |
// | 1.5   | ..SEQUENCE                 | validity                                                          |
// | 1.6   | ..SEQUENCE                 | subject: SEQUENCE OF SET OF SEQUENCE { OBJECT IDENTIFIER, string } |

/** Upper bound of a certificate in bytes; Teleport's, with every role and trait, stay far below. */
const maxCertificateBytes = 256 * 1024;

const { Type, Class } = asn1;
// String types that forge has no names for, X.680 table 1.
const numericString = 18;
const t61String = 20;
const visibleString = 26;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** One attribute of a distinguished name. */
export interface SubjectAttribute {
  /** Dotted object identifier. */
  oid: string;
  value: string;
}

/**
 * Reads the subject of a DER certificate, all RDNs and their values in encoded order. Throws `ERR_FORMAT_X509`
 * for anything that is not the one DER encoding of its content. Verifies no signature.
 */
export function readSubject(der: Uint8Array): SubjectAttribute[] {
  const tbs = childrenOf(
    childrenOf(parseDer(der), Type.SEQUENCE, "certificate")[0],
    Type.SEQUENCE,
    "tbsCertificate",
  );
  const hasVersion = tbs[0]?.tagClass === Class.CONTEXT_SPECIFIC;
  return childrenOf(tbs[hasVersion ? 5 : 4], Type.SEQUENCE, "subject").flatMap(readRelativeName);
}

function parseDer(der: Uint8Array): forge.Asn1 {
  if (der.length > maxCertificateBytes) {
    throw broken(`${der.length} bytes are more than the ${maxCertificateBytes} allowed`);
  }
  const bytes = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString("latin1");
  let parsed: forge.Asn1;
  let again: string;
  try {
    parsed = asn1.fromDer(bytes, { decodeBitStrings: false });
    again = asn1.toDer(parsed).getBytes();
  } catch (error) {
    throw broken("it is not DER", error);
  }
  // forge also takes indefinite and over-long lengths; DER allows one encoding only, so writing it again tells.
  if (again !== bytes) throw broken("it is BER, not DER");
  return parsed;
}

function readRelativeName(rdn: forge.Asn1): SubjectAttribute[] {
  const attributes = childrenOf(rdn, Type.SET, "relative name");
  if (attributes.length === 0) throw broken("a relative name of the subject is empty");
  return attributes.map(readAttribute);
}

function readAttribute(node: forge.Asn1): SubjectAttribute {
  const [type, value, ...more] = childrenOf(node, Type.SEQUENCE, "attribute");
  if (more.length > 0) throw broken("an attribute of the subject has more than a type and a value");
  const oid = primitiveOf(type, "attribute type");
  if (oid.type !== Type.OID) throw broken("the type of an attribute of the subject is no object identifier");
  return { oid: decodeOid(oid.content), value: decodeString(primitiveOf(value, "attribute value")) };
}

function childrenOf(node: forge.Asn1 | undefined, type: number, what: string): forge.Asn1[] {
  const { tagClass, type: found, value } = node ?? {};
  if (tagClass !== Class.UNIVERSAL || found !== type || !Array.isArray(value)) {
    throw broken(`its ${what} is missing or of another type`);
  }
  return value;
}

function primitiveOf(node: forge.Asn1 | undefined, what: string): { type: number; content: string } {
  const { tagClass, type, value } = node ?? {};
  if (tagClass !== Class.UNIVERSAL || type === undefined || typeof value !== "string") {
    throw broken(`an ${what} of the subject is missing or not primitive`);
  }
  return { type, content: value };
}

/** X.690 section 8.19: numbers in base 128, the first one holding the first two arcs. */
function decodeOid(content: string): string {
  const numbers: number[] = [];
  let number: number | undefined;
  for (const byte of Buffer.from(content, "latin1")) {
    if (number === undefined && byte === 0x80) throw broken("an object identifier is padded");
    number = (number ?? 0) * 128 + (byte & 0x7f);
    if (number > Number.MAX_SAFE_INTEGER) throw broken("an object identifier holds too large a number");
    if (byte >= 0x80) continue;
    numbers.push(number);
    number = undefined;
  }
  const [first, ...rest] = numbers;
  if (first === undefined || number !== undefined) throw broken("an object identifier is cut off");
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - root * 40, ...rest].join(".");
}

function decodeString({ type, content }: { type: number; content: string }): string {
  switch (type) {
    case Type.UTF8:
      try {
        return utf8.decode(Buffer.from(content, "latin1"));
      } catch (error) {
        throw broken("a UTF8String of the subject is not UTF-8", error);
      }
    case Type.PRINTABLESTRING:
    case Type.IA5STRING:
    case numericString:
    case visibleString:
      if (!isAscii(Buffer.from(content, "latin1")))
        throw broken("an ASCII string of the subject is not ASCII");
      return content;
    // T.61 has no reader anywhere; everyone takes it as Latin-1. forge has already joined a BMPString's pairs.
    case t61String:
    case Type.BMPSTRING:
      return content;
    default:
      throw broken(`a value of the subject is of type ${type}, which is no string`);
  }
}

function broken(reason: string, cause?: unknown): FormatError {
  return malformed("ERR_FORMAT_X509", `Cannot read the X.509 certificate: ${reason}.`, cause);
}
