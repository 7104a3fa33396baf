import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { Secret } from "@bot-join/core";
import { encodePublicKey, formatAuthorizedKey, parseAuthorizedKey, parsePublicKey } from "@bot-join/formats";
import type { BotIdentity } from "../bot-identity.ts";
import { readCredentials } from "../credentials.ts";
import type { KeyPair } from "../key-pair.ts";

/** One recorded answer of `host/credentials`. */
export interface RecordedJoin {
  status: number;
  contentType: string;
  body: string;
  publicTlsKey?: string;
  publicSshKey?: string;
}

/** One recorded gRPC call; bytes in hex. */
export interface RecordedCall {
  path: string;
  status: number;
  message: string;
  request?: string;
  response?: string;
}

function vector<T>(name: string): Record<string, T> {
  return JSON.parse(
    readFileSync(new URL(`../../../../test/vectors/join/${name}`, import.meta.url), "utf8"),
  ) as Record<string, T>;
}

/** By the case's name. */
export const recordedJoins: Record<string, RecordedJoin> = vector("join-answers.json");

/** By the case's name. */
export const recordedCalls: Record<string, RecordedCall> = vector("rpc-answers.json");

/** Gives a recorded join, which must exist. */
export function recordedJoin(name: string): RecordedJoin {
  const found = recordedJoins[name];
  if (found === undefined) throw new Error(`no recorded join ${name}`);
  return found;
}

/** Gives the response bytes of a recorded call, which must exist. */
export function recordedResponse(name: string): Uint8Array {
  return Buffer.from(recordedCalls[name]?.response ?? "no such call", "hex");
}

/** A key pair of whose private half only the recorded cluster's bot knew. */
function publicKeyPair(publicKeyLine: string): KeyPair {
  const publicKey = parsePublicKey(parseAuthorizedKey(publicKeyLine).blob);
  return {
    type: "ecdsa-p256",
    publicKey,
    privateKeyPem: new Secret("no private key was recorded"),
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    publicKeyLine: formatAuthorizedKey(encodePublicKey(publicKey)),
  };
}

/** The key pair that the recorded bot joined with. */
export function recordedBotKey(): KeyPair {
  const pem = Buffer.from(recordedJoin("ok").publicTlsKey ?? "", "base64").toString();
  return publicKeyPair(formatAuthorizedKey(encodePublicKey(createPublicKey(pem))));
}

/** The key pair of the recorded output certificate: field 1 of its request. */
export function recordedOutputKey(): KeyPair {
  const request = Buffer.from(
    recordedCalls["certs fields 1, 22 and 23 (v17 recipe)"]?.request ?? "",
    "hex",
  ).toString("latin1");
  return publicKeyPair(/ecdsa-sha2-nistp256 \S+/.exec(request)?.[0] ?? "");
}

/** The bot that the recorded join made. */
export function recordedBot(): BotIdentity {
  return readCredentials(recordedJoin("ok").body, "The cluster", recordedBotKey(), []);
}
