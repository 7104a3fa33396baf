import * as v from "valibot";
import { type BotIdentity, readBotIdentity } from "./bot-identity.ts";
import { JoinError } from "./errors.ts";
import type { KeyPair } from "./key-pair.ts";

const base64 = v.pipe(v.string("is not a string"), v.base64("is not base64"));

/** `proto.Certs` as JSON (join.md section 2.2); unknown members are passed over. */
const credentialsSchema = v.object(
  {
    ssh: base64,
    tls: base64,
    tls_ca_certs: v.pipe(v.array(base64, "is not a list"), v.minLength(1, "is empty")),
    ssh_ca_certs: v.optional(v.array(base64, "is not a list"), []),
  },
  "is missing",
);

/** Makes the error for an answer that holds no usable certificates. */
export function invalidAnswer(where: string, what: string, cause?: unknown): JoinError {
  return new JoinError({
    code: "ERR_JOIN_ANSWER_INVALID",
    kind: "cluster",
    message: `${where} answered the join with something that is of no use: ${what}.`,
    hint: "Nothing was written. Find out who answers at this address; a web proxy in between may change answers.",
    cause,
  });
}

/** Parses JSON; undefined for anything else. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads the body of a successful join. `where` names who answered, as the begin of a sentence. Throws
 * `ERR_JOIN_ANSWER_INVALID` or `ERR_JOIN_CA_PIN_MISMATCH`.
 */
export function readCredentials(
  body: string,
  where: string,
  keyPair: KeyPair,
  caPins: string[],
): BotIdentity {
  const json = parseJson(body);
  if (json === undefined) throw invalidAnswer(where, `${Buffer.byteLength(body)} bytes that are not JSON`);
  const parsed = v.safeParse(credentialsSchema, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const path = v.getDotPath(issue);
    throw invalidAnswer(
      where,
      path === null ? "it is not a JSON object" : `its member ${path} ${issue.message}`,
    );
  }
  const { ssh, tls, tls_ca_certs, ssh_ca_certs } = parsed.output;
  const certificates = {
    ssh: decode(ssh),
    tls: decode(tls),
    tlsAuthorities: tls_ca_certs.map(decode),
    sshAuthorities: ssh_ca_certs.map(decode),
  };
  return readBotIdentity(certificates, keyPair, caPins, {
    where,
    useless: (what, cause) => invalidAnswer(where, what, cause),
  });
}

function decode(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}
