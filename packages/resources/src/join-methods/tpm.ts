import { type ClaimShape, type Claims, claimText } from "../claims.ts";
import { type KeysOf, leafKey, listKey, textKey } from "../keys.ts";
import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { exact } from "./comparison.ts";
import {
  failedValidation,
  type JoinMethod,
  mustBeConfigured,
  type TokenRule,
  type TokenSpec,
  withoutZeros,
} from "./join-method.ts";

/** A rule of `spec.tpm.allow`; an empty text is a field that is not checked. */
export type TpmRule = { description: string; ek_public_hash: string; ek_certificate_serial: string };

/** `spec.tpm` (provision-token.md section 4.14), by the document's own keys. */
export interface TpmBlock {
  allow: TpmRule[];
  /** Certificates in PEM, of which one has to have issued the endorsement key's. */
  ekcert_allowed_cas: string[];
}

/** What a TPM attests. */
export type TpmAttested = { ek_pub_hash: string; ek_cert_serial?: string; ek_cert_verified?: boolean };

const ruleKeys: KeysOf<TpmRule> = {
  description: textKey("For people; not compared."),
  ek_public_hash: textKey("SHA-256 of the endorsement key's public half, in hex of small letters."),
  ek_certificate_serial: textKey(
    "Serial number of the endorsement certificate, hex pairs with colons between.",
  ),
};

const blockKeys: KeysOf<TpmBlock> = {
  allow: listKey("Rules, of which one has to match.", ruleKeys),
  ekcert_allowed_cas: leafKey(
    "texts",
    "Certificates in PEM that may have issued the endorsement certificate.",
  ),
};

const shapes: ClaimShape[] = [
  { name: "ek_pub_hash" },
  { name: "ek_cert_serial" },
  { name: "ek_cert_verified", type: "boolean" },
];

/** Trusted platform modules (provision-token.md section 4.14). */
export const tpm: JoinMethod = {
  name: "tpm",
  since: "16",
  help: "Trusted platform modules (Teleport Enterprise)",
  proof: "attested",
  keys: blockKeys,
  claims: shapes.map(({ name }) => name),
  reader: { shapes, caseSensitive: true },
  fields: [
    {
      field: "ek_public_hash",
      claim: "ek_pub_hash",
      compare: exact,
      form: { pattern: /^[0-9a-f]{64}$/, says: "no SHA-256 in hex of small letters" },
    },
    {
      field: "ek_certificate_serial",
      claim: "ek_cert_serial",
      compare: exact,
      form: {
        pattern: /^[0-9a-f]{2}(:[0-9a-f]{2})*$/,
        says: "no serial in hex pairs of small letters with colons",
      },
    },
  ],
  requiresOneOf: ["ek_public_hash", "ek_certificate_serial"],
  breadths: [
    { name: "key", fields: ["ek_public_hash"] },
    { name: "certificate", fields: ["ek_certificate_serial"] },
  ],
  check,
  rules(token: TokenResource): readonly TokenRule[] {
    return token.tpm?.allow ?? [];
  },
  expectedIssuer: () => undefined,
  expectedAudience: () => undefined,
  noMatch: () => "validated tpm attributes did not match any allow rules",
  attributes(claims: Claims): object {
    return withoutZeros({
      ek_pub_hash: claimText(claims, "ek_pub_hash"),
      ek_cert_serial: claimText(claims, "ek_cert_serial"),
      ek_cert_verified: claims.get("ek_cert_verified") === true,
    });
  },
  enterpriseOnly: () => "tpm joining: this feature requires Teleport Enterprise",
};

function check(spec: TokenSpec): DocumentProblem[] {
  const block = spec.tpm;
  if (block === undefined) return mustBeConfigured("tpm");
  const problems: DocumentProblem[] = [];
  const problem = failedValidation("tpm");
  for (const [index, pem] of block.ekcert_allowed_cas.entries()) {
    const fault = faultOf(pem);
    if (fault === undefined) continue;
    problems.push(problem(["ekcert_allowed_cas", index], `ekcert_allowed_cas[${index}]: ${fault}`));
  }
  if (block.allow.length === 0) problems.push(problem(["allow"], "allow: at least one rule must be set"));
  for (const [index, rule] of block.allow.entries()) {
    if (rule.ek_public_hash !== "" || rule.ek_certificate_serial !== "") continue;
    const message = `allow[${index}]: at least one of ['ek_public_hash', 'ek_certificate_serial'] must be set`;
    problems.push(problem(["allow", index], message));
  }
  return problems;
}

/** Looks at the armour and the outermost DER only: an X.509 parser has no place in a bundle for this alone. */
function faultOf(pem: string): string | undefined {
  const [, type, body = ""] = /-----BEGIN ([^-\n]+)-----\r?\n([\s\S]*?)-----END \1-----/.exec(pem) ?? [];
  if (type === undefined) return "no pem block found";
  if (type !== "CERTIFICATE") return "pem block is not 'CERTIFICATE' type";
  const der = Buffer.from(body, "base64");
  const isSequence = der[0] === 0x30 && der[1] === 0x82 && der.length === 4 + der.readUInt16BE(2);
  return isSequence ? undefined : "parsing certificate";
}
