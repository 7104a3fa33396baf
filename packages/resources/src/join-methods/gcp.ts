import { type ClaimShape, type Claims, type ClaimValue, claimText } from "../claims.ts";
import { type KeysOf, leafKey, listKey } from "../keys.ts";
import type { RuleTrace } from "../match-trace.ts";
import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { oneOf } from "./comparison.ts";
import {
  type ClaimsRefusal,
  type IdTokenJoinMethod,
  noRuleMatched,
  type TokenRule,
  type TokenSpec,
  withoutZeros,
} from "./join-method.ts";

/** A rule of `spec.gcp.allow`; an empty list is a field that is not checked. */
export type GcpRule = { project_ids: string[]; locations: string[]; service_accounts: string[] };

/** `spec.gcp` (provision-token.md section 4.12), by the document's own keys. */
export interface GcpBlock {
  allow: GcpRule[];
}

const ruleKeys: KeysOf<GcpRule> = {
  project_ids: leafKey("texts", "Ids of projects, of which one has to be the job's."),
  locations: leafKey(
    "texts",
    "Regions (us-west1) or zones (us-west1-b), of which one has to hold the instance.",
  ),
  service_accounts: leafKey("texts", "Mail addresses of service accounts, of which one has to be the job's."),
};

const blockKeys: KeysOf<GcpBlock> = { allow: listKey("Rules, of which one has to match.", ruleKeys) };

const engine = "google.compute_engine";
const engineNames = ["project_id", "zone", "instance_id", "instance_name"];

const shapes: ClaimShape[] = [
  { name: "sub" },
  { name: "email" },
  ...engineNames.map((name) => ({ name: `${engine}.${name}`, path: ["google", "compute_engine", name] })),
];

/** Google Cloud service accounts (provision-token.md section 4.12, id-tokens.md section 11). */
export const gcp: IdTokenJoinMethod = {
  name: "gcp",
  since: "13",
  help: "Google Cloud service accounts",
  proof: "id-token",
  keys: blockKeys,
  claims: shapes.map(({ name }) => name),
  reader: { shapes, caseSensitive: false },
  fields: [
    { field: "project_ids", claim: `${engine}.project_id`, compare: oneOf() },
    { field: "service_accounts", claim: "email", compare: oneOf() },
    { field: "locations", claim: `${engine}.zone`, compare: oneOf("region or zone of", isInLocation) },
  ],
  requiresOneOf: ["project_ids"],
  breadths: [
    { name: "service-account", fields: ["project_ids", "service_accounts"] },
    { name: "zone", fields: ["project_ids", "service_accounts", "locations"] },
    { name: "project", fields: ["project_ids"] },
  ],
  check,
  rules(token: TokenResource): readonly TokenRule[] {
    return token.gcp?.allow ?? [];
  },
  expectedIssuer: () => "https://accounts.google.com",
  expectedAudience: () => "teleport.cluster.local",
  derive,
  refuse,
  noMatch: noRuleMatched,
  doubts(rule: TokenRule): DocumentProblem[] {
    const { locations } = rule as GcpRule;
    return locations.flatMap((location, index) =>
      /^[^-]+-[^-]+(-[^-]*)?$/.test(location)
        ? []
        : [
            {
              path: ["locations", index],
              message: "never matches: this is no region (us-west1) and no zone (us-west1-b)",
            },
          ],
    );
  },
  attributes(claims: Claims): object {
    const text = (name: string): string => claimText(claims, `${engine}.${name}`);
    const account = withoutZeros({ service_account: claimText(claims, "email") });
    if (text("instance_name") === "") return account;
    const gce = {
      name: text("instance_name"),
      zone: text("zone"),
      id: text("instance_id"),
      project: text("project_id"),
    };
    return { ...account, gce: withoutZeros(gce) };
  },
};

/** A token from outside Compute Engine names its project in the service account's address alone. */
function derive(claims: Claims): Claims | ClaimsRefusal {
  if (engineNames.some((name) => claimText(claims, `${engine}.${name}`) !== "")) return claims;
  const email = claimText(claims, "email");
  if (email.endsWith("@developer.gserviceaccount.com")) {
    const message = `default compute engine service account ${JSON.stringify(email)} is not supported`;
    return { class: "bad-parameter", message };
  }
  const project = /^[^@]+@([^@.]+)\.iam\.gserviceaccount\.com$/.exec(email)?.[1];
  if (project === undefined) {
    return { class: "bad-parameter", message: `invalid email claim: ${JSON.stringify(email)}` };
  }
  return new Map<string, ClaimValue>([...claims, [`${engine}.project_id`, project]]);
}

/** Says so when only a location kept out a token that has none. */
function refuse(rules: readonly RuleTrace[], claims: Claims): ClaimsRefusal | undefined {
  const byLocation = rules.some(({ fields }) =>
    fields.every(({ field, matched }) => matched === (field !== "locations")),
  );
  if (!byLocation || claimText(claims, `${engine}.zone`) !== "") return undefined;
  const message = `id token "${engine}.zone" claim is empty and didn't match the "locations". Services running outside of GCE VM instances are incompatible with "location" restriction.`;
  return { class: "compare-failed", message };
}

/** Tells whether a zone is, or lies in, a location; malformed ones never match. */
function isInLocation(location: string, zone: string): boolean {
  const wanted = location.split("-");
  const found = zone.split("-");
  if (wanted.length < 2 || wanted.length > 3 || found.length !== 3 || found[2] === "") return false;
  if (wanted[0] !== found[0] || wanted[1] !== found[1]) return false;
  return wanted[2] === undefined || wanted[2] === "" || wanted[2] === found[2];
}

function check(spec: TokenSpec): DocumentProblem[] {
  const at = ["spec", "gcp"];
  const block = spec.gcp;
  if (block === undefined) {
    return [{ path: at, message: '"gcp" configuration must be provided for the join method "gcp"' }];
  }
  if (block.allow.length === 0) {
    const message = 'the "gcp" join method requires at least one token allow rule';
    return [{ path: [...at, "allow"], message }];
  }
  return block.allow.flatMap((rule, index) =>
    rule.project_ids.length > 0
      ? []
      : [
          {
            path: [...at, "allow", index],
            message: 'the "gcp" join method requires gcp allow rules with at least one project ID',
          },
        ],
  );
}
