import type { BadToken, Emulator } from "@bot-join/emulator";
import { githubIssuer } from "../support/emulator.ts";
import {
  type RawIdentity,
  type RawKey,
  type RawTarget,
  rawJoin,
  rawJoinRequest,
  rawKey,
  readRawIdentity,
} from "../support/raw-client.ts";

/** The claims that the token `ghcom` wants, and no more. */
const goodClaims: Readonly<Record<string, unknown>> = {
  aud: "teleport.cluster.local",
  sub: "repo:acme/shop:environment:prod",
  repository: "acme/shop",
};

/** Where the raw client finds an emulator. */
export function targetOf(emulator: Emulator): RawTarget {
  return { address: emulator.proxyAddress, ca: emulator.webCaPem };
}

/** Signs an ID token of a job of acme/shop; given claims replace the good ones. */
export function signIdToken(
  emulator: Emulator,
  claims: Record<string, unknown> = {},
  bad?: BadToken,
): Promise<string> {
  return emulator.issuer(githubIssuer).sign({ ...goodClaims, ...claims }, bad);
}

/** Joins as the bot of token `ghcom`. */
export async function joinRaw(emulator: Emulator, key: RawKey = rawKey()): Promise<RawIdentity> {
  const request = rawJoinRequest(key, { id_token: await signIdToken(emulator) });
  return readRawIdentity(key, await rawJoin(targetOf(emulator), request));
}
