import {
  bitString,
  boolean,
  type DerValue,
  encodeDer,
  objectIdentifier,
  octetString,
  sequence,
  tagged,
} from "@bot-join/formats/der";
import { ipAddressBytes } from "./ip-address.ts";

const oids = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

/** Names that a server certificate is good for. */
export interface AltNames {
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
  /** Default: none. */
  uris?: readonly string[];
}

/** Makes the extensions of a CA certificate, user-certs.md section 3.4. */
export function authorityExtensions(keyId: Uint8Array): DerValue {
  return sequence(
    // digitalSignature, keyEncipherment, keyCertSign, cRLSign
    extension(oids.keyUsage, true, bitString(Buffer.of(0b1010_0110), 1)),
    extension(oids.basicConstraints, true, sequence(boolean(true))),
    extension(oids.subjectKeyIdentifier, false, octetString(keyId)),
  );
}

/**
 * Makes the extensions of a user or server certificate, user-certs.md sections 3.2 and 3.3. The alternative names of one
 * without a subject are critical (RFC 5280 section 4.2.1.6).
 */
export function leafExtensions(
  authorityKeyId: Uint8Array,
  altNames: AltNames | undefined,
  hasSubject: boolean,
): DerValue {
  const extensions = [
    // digitalSignature, keyEncipherment
    extension(oids.keyUsage, true, bitString(Buffer.of(0b1010_0000), 5)),
    extension(
      oids.extKeyUsage,
      false,
      sequence(objectIdentifier(oids.serverAuth), objectIdentifier(oids.clientAuth)),
    ),
    extension(oids.basicConstraints, true, sequence()),
    extension(oids.authorityKeyIdentifier, false, sequence(tagged(0, authorityKeyId))),
  ];
  if (altNames !== undefined) extensions.push(subjectAltName(altNames, !hasSubject));
  return sequence(...extensions);
}

function subjectAltName({ dnsNames, ipAddresses, uris = [] }: AltNames, critical: boolean): DerValue {
  return extension(
    oids.subjectAltName,
    critical,
    sequence(
      ...dnsNames.map((name) => tagged(2, Buffer.from(name, "latin1"))),
      ...uris.map((uri) => tagged(6, Buffer.from(uri, "latin1"))),
      ...ipAddresses.map((address) => tagged(7, ipAddressBytes(address))),
    ),
  );
}

function extension(oid: string, critical: boolean, value: DerValue): DerValue {
  const content = octetString(encodeDer(value));
  return critical
    ? sequence(objectIdentifier(oid), boolean(true), content)
    : sequence(objectIdentifier(oid), content);
}
