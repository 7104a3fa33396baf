import { type DerValue, objectIdentifier, sequence, setOf, text } from "@bot-join/formats/der";

/** One attribute of a name. */
interface NameAttribute {
  /** Dotted object identifier. */
  oid: string;
  value: string;
}

/** A distinguished name: its relative names in order, each one a set of attributes. */
export type Name = readonly (readonly NameAttribute[])[];

/** Object identifiers of the standard attributes (X.520). */
export const nameOids = {
  commonName: "2.5.4.3",
  serialNumber: "2.5.4.5",
  organization: "2.5.4.10",
} as const;

/** Makes the ASN.1 form of a name. */
export function nameToDer(name: Name): DerValue {
  return sequence(
    ...name.map((attributes) =>
      setOf(attributes.map(({ oid, value }) => sequence(objectIdentifier(oid), text(value)))),
    ),
  );
}
