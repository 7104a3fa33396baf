import type { BoundKeypairStatus, TokenResource } from "./model.ts";

/**
 * Gives a token of method `bound_keypair` the status that a server stores with it (provision-token.md section 4.16):
 * a status in the document is ignored; one that is stored already is kept; a new token with neither key nor secret
 * in `onboarding` gets a secret of 16 random bytes as hex. A preregistered public key is bound at the first join and
 * needs no secret. Other tokens are given back unchanged.
 */
export function withBoundKeypairStatus(
  token: TokenResource,
  stored: TokenResource | undefined,
  randomBytes: (size: number) => Uint8Array,
): TokenResource {
  if (token.joinMethod !== "bound_keypair") return token;
  const status: BoundKeypairStatus = { ...stored?.status?.bound_keypair };
  const onboarding = token.bound_keypair?.onboarding;
  const needsSecret =
    status.bound_public_key === undefined &&
    status.registration_secret === undefined &&
    (onboarding?.initial_public_key ?? "") === "";
  if (needsSecret)
    status.registration_secret = onboarding?.registration_secret || newTokenSecret(randomBytes);
  return { ...token, status: { bound_keypair: status } };
}

/** Makes a secret as the server and `tctl bots add` do: 16 random bytes as 32 hex digits (join.md section 13.2). */
export function newTokenSecret(randomBytes: (size: number) => Uint8Array): string {
  return Buffer.from(randomBytes(16)).toString("hex");
}
