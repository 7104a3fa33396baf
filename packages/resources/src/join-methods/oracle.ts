import { type Claims, type ClaimValue, claimText, textClaims } from "../claims.ts";
import { type KeysOf, leafKey, listKey, textKey } from "../keys.ts";
import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { exact, oneOf } from "./comparison.ts";
import { type JoinMethod, type TokenRule, type TokenSpec, withoutZeros } from "./join-method.ts";
import { oracleRegion } from "./oracle-regions.ts";

/** A rule of `spec.oracle.allow`; an empty text or list is a field that is not checked. */
export type OracleRule = { tenancy: string; parent_compartments: string[]; regions: string[] };

/** `spec.oracle` (provision-token.md section 4.15), by the document's own keys. */
export interface OracleBlock {
  allow: OracleRule[];
}

/** What Oracle Cloud attests of an instance: OCIDs. The region is part of the instance's. */
export type OracleAttested = { tenancy_id: string; compartment_id: string; instance_id: string };

const ruleKeys: KeysOf<OracleRule> = {
  tenancy: textKey("OCID of the tenancy."),
  parent_compartments: leafKey(
    "texts",
    "OCIDs of compartments, of which one has to hold the instance directly.",
  ),
  regions: leafKey("texts", "Regions, by full name (us-phoenix-1) or short code (phx)."),
};

const blockKeys: KeysOf<OracleBlock> = { allow: listKey("Rules, of which one has to match.", ruleKeys) };

const attested = ["tenancy_id", "compartment_id", "instance_id"];

/** Oracle Cloud instances (provision-token.md section 4.15). */
export const oracle: JoinMethod = {
  name: "oracle",
  since: "17.3",
  help: "Oracle Cloud instances",
  proof: "attested",
  keys: blockKeys,
  claims: [...attested, "region"],
  reader: { shapes: textClaims(...attested), caseSensitive: true },
  fields: [
    {
      field: "tenancy",
      claim: "tenancy_id",
      compare: exact,
      form: { pattern: /^ocid1\.tenancy\./, says: "no OCID of a tenancy" },
    },
    { field: "parent_compartments", claim: "compartment_id", compare: oneOf() },
    {
      field: "regions",
      claim: "region",
      compare: oneOf("region of", (entry, found) => oracleRegion(entry) === found),
    },
  ],
  requiresOneOf: ["tenancy"],
  breadths: [
    { name: "compartment", fields: ["tenancy", "parent_compartments"] },
    { name: "region", fields: ["tenancy", "parent_compartments", "regions"] },
    { name: "tenancy", fields: ["tenancy"] },
  ],
  check,
  rules(token: TokenResource): readonly TokenRule[] {
    return token.oracle?.allow ?? [];
  },
  expectedIssuer: () => undefined,
  expectedAudience: () => undefined,
  derive(claims: Claims): Claims {
    // ocid1.instance.<realm>.<region>.<id>
    const region = claimText(claims, "instance_id").split(".")[3] ?? "";
    return region === ""
      ? claims
      : new Map<string, ClaimValue>([...claims, ["region", oracleRegion(region)]]);
  },
  noMatch: () => "instance did not match any allow rules",
  attributes(claims: Claims): object {
    return withoutZeros(Object.fromEntries(attested.map((name) => [name, claimText(claims, name)])));
  },
};

function check(spec: TokenSpec): DocumentProblem[] {
  const at = ["spec", "oracle"];
  const block = spec.oracle;
  if (block === undefined) {
    const message = 'spec.oracle: must be configured for the join method "oracle"';
    return [{ path: at, message }];
  }
  if (block.allow.length === 0) {
    const message = 'the "oracle" join method requires at least one allow rule';
    return [{ path: [...at, "allow"], message }];
  }
  return block.allow.flatMap((rule, index) =>
    rule.tenancy !== ""
      ? []
      : [{ path: [...at, "allow", index], message: `allow[${index}]: tenancy must be set` }],
  );
}
