import { blockKey, type KeysOf, leafKey, textKey } from "../keys.ts";
import type { DocumentProblem } from "../problem.ts";
import { readTimestamp } from "../timestamp.ts";
import { failedValidation, type JoinMethod, mustBeConfigured, type TokenSpec } from "./join-method.ts";

/** `spec.bound_keypair` (provision-token.md section 4.16), by the document's own keys. */
export interface BoundKeypairBlock {
  onboarding:
    | {
        /** In authorized_keys form; wins over the secret. */
        initial_public_key: string;
        registration_secret: string;
        /** RFC 3339; empty for no limit. */
        must_register_before: string;
      }
    | undefined;
  recovery: { limit: number | undefined; mode: string } | undefined;
  /** RFC 3339; empty for never. */
  rotate_after: string;
}

const onboardingKeys: KeysOf<NonNullable<BoundKeypairBlock["onboarding"]>> = {
  initial_public_key: textKey("Public key that is registered beforehand, in authorized_keys form."),
  registration_secret: textKey("Secret for the first join; the server makes one when there is neither."),
  must_register_before: leafKey("time", "Last moment to register by the secret."),
};

const recoveryKeys: KeysOf<NonNullable<BoundKeypairBlock["recovery"]>> = {
  limit: leafKey("number", "How many recoveries are allowed, the first join included; at least 1."),
  mode: textKey("What recovery is held to.", { values: ["standard", "relaxed", "insecure"] }),
};

const blockKeys: KeysOf<BoundKeypairBlock> = {
  onboarding: blockKey("How the first join is proven.", onboardingKeys),
  recovery: blockKey("How a lost identity is recovered.", recoveryKeys),
  rotate_after: leafKey("time", "Forces a new key at the next join after this time."),
};

/** A key pair that the server has bound to the token (provision-token.md section 4.16, join.md section 11). */
export const boundKeypair: JoinMethod = {
  name: "bound_keypair",
  since: "17.7",
  help: "A key pair bound to the token",
  proof: "key-pair",
  keys: blockKeys,
  claims: [],
  reader: { shapes: [], caseSensitive: true },
  fields: [],
  requiresOneOf: [],
  breadths: [],
  check,
  rules: () => [],
  expectedIssuer: () => undefined,
  expectedAudience: () => undefined,
  noMatch: () => "failed to complete challenge",
};

function check(spec: TokenSpec): DocumentProblem[] {
  const block = spec.bound_keypair;
  if (block === undefined) return mustBeConfigured("bound_keypair");
  const problems: DocumentProblem[] = [];
  const problem = failedValidation("bound_keypair");
  const { onboarding, recovery } = block;
  const times: [string[], string][] = [
    [["onboarding", "must_register_before"], onboarding?.must_register_before ?? ""],
    [["rotate_after"], block.rotate_after],
  ];
  for (const [path, written] of times) {
    if (written === "" || readTimestamp(written) !== undefined) continue;
    problems.push(problem(path, `${path.join(".")}: must be an RFC 3339 time such as 2027-01-01T00:00:00Z`));
  }
  if (recovery?.limit !== undefined && (!Number.isInteger(recovery.limit) || recovery.limit < 1)) {
    problems.push(problem(["recovery", "limit"], "recovery.limit: must be at least 1"));
  }
  if (!["", "standard", "relaxed", "insecure"].includes(recovery?.mode ?? "")) {
    const message = "recovery.mode: must be one of standard, relaxed, insecure";
    problems.push(problem(["recovery", "mode"], message));
  }
  return problems;
}
