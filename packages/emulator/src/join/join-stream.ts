import { createPublicKey, type KeyObject } from "node:crypto";
import { parsePem } from "@bot-join/core";
import { parseAuthorizedKey, parsePublicKey } from "@bot-join/formats";
import {
  BotResultSchema,
  CertificatesSchema,
  type ClientInit,
  type ClientParams,
  type JoinRequest,
  type JoinResponse,
  JoinResponseSchema,
  ResultSchema,
  ServerInitSchema,
} from "@bot-join/proto";
import type { TokenResource } from "@bot-join/resources";
import { create } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { type Applicant, issueBotCertificates, type JoinAnswer } from "./bot-certificates.ts";
import { checkTokenExists } from "./common-checks.ts";
import { type JoinAttempt, reportAttempt } from "./join-attempt.ts";
import { checkIdToken, type Proof } from "./prove.ts";
import { StreamMessages } from "./stream-messages.ts";

/** Where a stream came in. */
export interface JoinStreamOptions {
  /** Through the proxy, which speaks for its clients, or at the Auth Service itself (join.md section 5.4). */
  via: "proxy" | "auth";
  remoteAddress: string;
  /** Spoils what the bot is given, as a fault asks. */
  spoil?(answer: JoinAnswer): JoinAnswer;
}

/** Names of the suites by the number that discovery tells (join.md section 1.2). */
const suites: readonly string[] = ["", "legacy", "balanced-v1", "fips-v1", "hsm-v1"];

/**
 * Answers one attempt of `teleport.join.v1`, transport C of join.md, in the order of section 7.3. Throws a Refusal with the
 * server's class and text; either way an event tells what happened and why.
 */
export async function* joinStream(
  context: ClusterContext,
  requests: AsyncIterable<JoinRequest>,
  options: JoinStreamOptions,
): AsyncGenerator<JoinResponse> {
  const attempt: JoinAttempt = { proof: {} };
  using messages = new StreamMessages(requests, context.clock, options.via === "proxy" ? "proxy" : "server");
  try {
    const init = await messages.expect("clientInit");
    attempt.tokenName = init.tokenName;
    checkClientInit(init, options.via);
    const token = context.state.tokens.get(init.tokenName);
    if (token !== undefined) attempt.token = token;
    checkTokenExists(context, token);
    checkMethodAndRole(context, init, token);
    yield initOf(context, token);
    const params = await prove(context, messages, token, attempt.proof);
    const applicant = applicantOf(params, init.systemRole);
    // While the proof was looked at, the token may have been used up or removed.
    checkTokenExists(context, context.state.tokens.get(token.name));
    const claims = attempt.proof.claims ?? {};
    const answer = issueBotCertificates(context, applicant, token, claims, options.remoteAddress);
    reportAttempt(context, attempt);
    yield resultOf(options.spoil?.(answer) ?? answer);
  } catch (error) {
    if (error instanceof Refusal) reportAttempt(context, attempt, error);
    throw error;
  }
}

function initOf(context: ClusterContext, { joinMethod }: TokenResource): JoinResponse {
  const value = create(ServerInitSchema, { joinMethod, signatureAlgorithmSuite: suiteOf(context) });
  return create(JoinResponseSchema, { payload: { case: "init", value } });
}

function suiteOf({ profile, rsaOnly }: ClusterContext): string {
  return suites[rsaOnly ? 1 : (profile.signatureAlgorithmSuite ?? 0)] ?? "";
}

/** Checks what the first message must hold (join.md sections 5.4 and 7.3); wording that no page gives is ours. */
function checkClientInit(init: ClientInit, via: "proxy" | "auth"): void {
  // The proxy writes both fields itself, whatever its client wrote.
  if (via === "auth" && init.proxySuppliedParameters !== undefined) {
    throw new Refusal(
      "access-denied",
      "client set ProxySuppliedParameters but did not authenticate as a proxy",
    );
  }
  if (via === "auth" && init.forwardedByProxy) {
    throw new Refusal("bad-parameter", "client set ForwardedByProxy without ProxySuppliedParameters");
  }
  if (init.tokenName === "") throw new Refusal("bad-parameter", "missing parameter TokenName");
  if (init.systemRole === "") throw new Refusal("bad-parameter", "missing parameter SystemRole");
  if (!["Bot", "Instance"].includes(init.systemRole)) {
    throw new Refusal("not-implemented", `joining as ${init.systemRole} is not implemented`);
  }
}

function checkMethodAndRole(context: ClusterContext, init: ClientInit, token: TokenResource): void {
  const { joinMethod, systemRole } = init;
  if (joinMethod !== undefined && joinMethod !== token.joinMethod) {
    throw new Refusal(
      "bad-parameter",
      `client requested join method ${joinMethod}, provision token only supports method ${token.joinMethod}`,
    );
  }
  if (systemRole === "Instance") {
    // The emulator's tokens let nobody run a local service: it certifies bots only.
    throw new Refusal(
      "access-denied",
      "cannot requisition instance certs (token contains no local service roles)",
    );
  }
  if (token.roles.includes(systemRole)) return;
  const attempt = { nodeName: "", hostId: "", role: systemRole };
  throw new Refusal("bad-parameter", context.profile.roleNotAllowedText(attempt));
}

/** Waits for the message that the join method asks for and checks the proof in it. */
async function prove(
  context: ClusterContext,
  messages: StreamMessages,
  token: TokenResource,
  proof: Proof,
): Promise<ClientParams | undefined> {
  const { joinMethod } = token;
  if (context.profile.joinServiceMethods?.includes(joinMethod) !== true) {
    throw new Refusal("not-implemented", `join method ${joinMethod} is not implemented`);
  }
  if (joinMethod === "token") return (await messages.expect("tokenInit")).clientParams;
  const { clientParams, idToken } = await messages.expect("oidcInit");
  await checkIdToken(context, token, Buffer.from(idToken).toString("utf8"), proof);
  return clientParams;
}

function applicantOf(params: ClientParams | undefined, systemRole: string): Applicant {
  if (params?.payload.case !== "botParams") {
    throw new Refusal("bad-parameter", `BotParams is required to join as a ${systemRole}`);
  }
  const { expires, publicKeys } = params.payload.value;
  return {
    ...(expires !== undefined && { expires: timestampDate(expires) }),
    readKeys: () => ({
      ssh: decodeKey("SSH", () => parsePublicKey(publicKeys?.publicSshKey ?? new Uint8Array())),
      tls: decodeKey("TLS", () =>
        createPublicKey({ key: Buffer.from(publicKeys?.publicTlsKey ?? []), format: "der", type: "spki" }),
      ),
    }),
  };
}

/** What a server says of a key that it cannot read is not known. */
function decodeKey(kind: string, decode: () => KeyObject): KeyObject {
  try {
    return decode();
  } catch {
    throw new Refusal("bad-parameter", `parsing the public ${kind} key`);
  }
}

/** Takes the armour off: this transport has DER and the SSH wire format (join.md section 12). */
function resultOf(answer: JoinAnswer): JoinResponse {
  const der = (pem: string): Uint8Array => parsePem(pem)[0]?.der ?? new Uint8Array();
  const wire = (line: string): Uint8Array => parseAuthorizedKey(line).blob;
  const certificates = create(CertificatesSchema, {
    tlsCert: der(answer.tls),
    tlsCaCerts: answer.tlsCaCerts.map(der),
    sshCert: wire(answer.ssh),
    sshCaKeys: answer.sshCaCerts.map(wire),
  });
  const value = create(ResultSchema, {
    payload: { case: "botResult", value: create(BotResultSchema, { certificates }) },
  });
  return create(JoinResponseSchema, { payload: { case: "result", value } });
}
