// @types/node-forge knows the package as a whole only. Importing its ASN.1 part alone keeps the rest of forge out
// of the bundles. `fromDer` takes options that the types lack.
declare module "node-forge/lib/asn1.js" {
  import type { asn1, util } from "node-forge";

  interface FromDerOptions {
    /** Refuses values that are cut off. Default true. */
    strict?: boolean;
    /** Refuses bytes behind the first value. Default true. */
    parseAllBytes?: boolean;
    /** Guesses whether a BIT STRING holds DER. Default true. */
    decodeBitStrings?: boolean;
  }

  const forgeAsn1: Omit<typeof asn1, "fromDer"> & {
    fromDer(bytes: string | util.ByteStringBuffer, options?: FromDerOptions): asn1.Asn1;
  };
  export default forgeAsn1;
}
