import type { ErrorKind } from "@bot-join/core";
import { JoinError, type JoinErrorCode } from "./errors.ts";

/** What a refusal means and what to change. */
interface Meaning {
  code: JoinErrorCode;
  kind: ErrorKind;
  hint: string;
}

/** Recognised by a part of the server's text (join.md section 7.4, measured-14.2.0.md section 4); the first match counts. */
const known: readonly (Meaning & { pattern: RegExp })[] = [
  {
    pattern:
      /only RSA keys|RSA keys only|unsupported (public )?key (type|algorithm)|key (type|algorithm) .*not (supported|allowed)/i,
    code: "ERR_JOIN_KEY_TYPE_REFUSED",
    kind: "cluster",
    hint: "The cluster accepts RSA keys only: set the input fips to true.",
  },
  {
    pattern: /token expired or not found|the token is not valid/,
    code: "ERR_JOIN_TOKEN_NOT_FOUND",
    kind: "denied",
    hint: "The token is misspelt, has expired, or was never created on this cluster (Teleport does not say which). Compare the input token with `tctl tokens ls`.",
  },
  {
    pattern: /(did not|failed to) match any allow rules/,
    code: "ERR_JOIN_CLAIMS_NOT_ALLOWED",
    kind: "denied",
    hint: "No allow rule of the token matches this job.",
  },
  {
    pattern: /expected audience|audience is not valid|invalid audience/,
    code: "ERR_JOIN_ID_TOKEN_REFUSED",
    kind: "denied",
    hint: "The ID token was issued for another audience than the cluster requires. Remove the input audience, or give an id-token made for the right one.",
  },
  {
    pattern: /issued by a different provider|issuer does not match|invalid issuer/,
    code: "ERR_JOIN_ID_TOKEN_REFUSED",
    kind: "denied",
    hint: "The token resource is for another platform, GitHub server or enterprise than this job runs on: compare its join_method, enterprise_server_host and enterprise_slug.",
  },
  {
    pattern: /token is expired|token has expired/,
    code: "ERR_JOIN_ID_TOKEN_REFUSED",
    kind: "denied",
    hint: "The ID token had expired when it arrived: look at the clocks of the runner and of the Auth Service, or fetch the token right before the join.",
  },
  {
    pattern: /not before in future|in the future|not valid yet/,
    code: "ERR_JOIN_ID_TOKEN_REFUSED",
    kind: "denied",
    hint: "The Auth Service's clock is behind the platform's: correct it.",
  },
  {
    // How Go begins every failure of an HTTP request.
    pattern: /\bGet "https?:|\.well-known\/openid-configuration/,
    code: "ERR_JOIN_CLUSTER_FAILED",
    kind: "cluster",
    hint: "The Auth Service cannot reach the platform's OIDC issuer. Open that way, or give the issuer's keys in the token resource (static_jwks).",
  },
  {
    pattern:
      /failed to verify signature|invalid signature|malformed jwt|parsing of request failed|oidc: |static_jwks/,
    code: "ERR_JOIN_ID_TOKEN_REFUSED",
    kind: "denied",
    hint: "The cluster could not verify the ID token: it must come unchanged from the platform that the token resource names.",
  },
  {
    pattern: /(IDToken|id_token) not provided|IDToken is required/,
    code: "ERR_JOIN_METHOD_WRONG",
    kind: "user",
    hint: "The token resource's join_method wants an ID token: set the input join-method to that method.",
  },
  {
    pattern:
      /join method .*wrong endpoint|unsupported join method|does not support the .* join method|token only supports method/,
    code: "ERR_JOIN_METHOD_WRONG",
    kind: "user",
    hint: "The token resource has another join_method than this job uses: compare them.",
  },
  {
    pattern: /join attempt timed out/,
    code: "ERR_JOIN_CLUSTER_FAILED",
    kind: "cluster",
    hint: "The cluster ends an attempt that takes longer than a minute. What it waited for is in the logs of proxy and Auth Service.",
  },
  {
    pattern: /does not allow ("Bot" role|role Bot)/,
    code: "ERR_JOIN_REFUSED",
    kind: "denied",
    hint: "The token must have `roles: [Bot]` and `bot_name`.",
  },
  {
    pattern: /already been issued a renewable certificate/,
    code: "ERR_JOIN_REFUSED",
    kind: "denied",
    hint: "On this version of Teleport a bot joins with a secret token once; its later certificates are renewals. Use a delegated method such as github for CI jobs.",
  },
  {
    pattern: /lock targeting .* is in force/,
    code: "ERR_JOIN_REFUSED",
    kind: "denied",
    hint: "An administrator, or Teleport itself, has locked this bot: `tctl get locks`.",
  },
  {
    pattern: /^access denied$/,
    code: "ERR_JOIN_BOT_MISSING",
    kind: "denied",
    hint: "The bot that the token names (bot_name) does not exist on this cluster, or is locked: `tctl bots ls`.",
  },
  {
    pattern: /role .* is not found/,
    code: "ERR_JOIN_BOT_MISSING",
    kind: "denied",
    hint: "The bot's own role is gone: remove the bot and add it again (`tctl bots rm`, `tctl bots add`).",
  },
];

/** Answers that may be another one a moment later (join.md section 15). */
const passingStatuses: readonly number[] = [429, 502, 503, 504];

/** Whoever could change something, by HTTP status. */
function fallback(status: number): Meaning {
  if (status === 429) {
    return {
      code: "ERR_JOIN_RATE_LIMITED",
      kind: "cluster",
      hint: "Too many joins from one address: spread the jobs out.",
    };
  }
  if (status >= 500) {
    return {
      code: "ERR_JOIN_CLUSTER_FAILED",
      kind: "cluster",
      hint: "The cause is in the Auth Service's log.",
    };
  }
  return {
    code: "ERR_JOIN_REFUSED",
    kind: "denied",
    hint: "The reason is in the Auth Service's log and audit events (bot.join).",
  };
}

/** An answer to a join that holds no certificates. */
export interface Refusal {
  /** As over HTTP. */
  status: number;
  /** What came back, for the message: `HTTP 403`. */
  answer: string;
  /** The server's own message, without secrets. */
  text: string;
  /** Who answered, as the begin of a sentence. */
  where: string;
  /** How the token may be named. */
  tokenName: string;
  /** How long the server asks to wait, in milliseconds; becomes `details.retryAfterMs` of an error that is worth another try. */
  retryAfterMs: number | undefined;
}

/** Makes the error for a refusal. */
export function joinRefusal(refusal: Refusal): JoinError {
  const { status, answer, text, where, tokenName, retryAfterMs } = refusal;
  const plain = text.replace(/\s+/g, " ").trim().slice(0, 500);
  const match = known.find(({ pattern }) => pattern.test(plain));
  const { code, kind, hint } = match ?? fallback(status);
  const retryable = match === undefined && passingStatuses.includes(status);
  return new JoinError({
    code,
    kind,
    message: `${where} refused to let this job join with the token ${tokenName}: ${plain === "" ? "no reason given" : plain} (${answer}).`,
    hint,
    retryable,
    details: {
      status,
      serverMessage: plain,
      ...(retryable && retryAfterMs !== undefined ? { retryAfterMs } : {}),
    },
  });
}
