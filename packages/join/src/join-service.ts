import type { TLSSocket } from "node:tls";
import { encodePem } from "@bot-join/core";
import { formatAuthorizedKey, parseAuthorizedKey } from "@bot-join/formats";
import {
  type Certificates,
  ClientParamsSchema,
  GivingUp_Reason,
  type JoinRequestSchema,
  type JoinResponse,
  JoinService,
  type ServerInit,
} from "@bot-join/proto";
import { type ProxyDialer, TransportError } from "@bot-join/transport";
import { createGrpcChannel } from "@bot-join/transport/grpc";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { type BotCertificates, type BotIdentity, readBotIdentity } from "./bot-identity.ts";
import { invalidAnswer } from "./credentials.ts";
import { JoinError } from "./errors.ts";
import { joinServiceError } from "./join-service-error.ts";
import type { KeyPair, KeyType } from "./key-pair.ts";
import { Outbox } from "./outbox.ts";
import type { RegisterOptions } from "./register.ts";

/** What a join over `teleport.join.v1` shows and asks for. */
export interface JoinServiceOptions extends Omit<RegisterOptions, "keyPair"> {
  /** Makes the key, of the kind that the cluster has asked for by then. */
  createKeyPair(type: KeyType): Promise<KeyPair>;
}

type Request = MessageInitShape<typeof JoinRequestSchema>;

/** Suites in which a bot's key is ECDSA P-256; in `legacy`, and where none is named, it is RSA-2048 (join.md section 9). */
const ecdsaSuites: readonly string[] = ["balanced-v1", "fips-v1", "hsm-v1"];

/**
 * Joins over gRPC (join.md section 5): two messages each way on a connection made by `openJoinService`, which is closed
 * afterwards. Throws errors like `register`, and `ERR_JOIN_SERVER_TOO_OLD` when the cluster lacks the service or the method.
 */
export async function registerOverJoinService(
  dialer: ProxyDialer,
  socket: TLSSocket,
  options: JoinServiceOptions,
): Promise<BotIdentity> {
  const where = `The cluster at ${dialer.address}`;
  if (socket.alpnProtocol !== "h2") {
    socket.destroy();
    throw notRouted(dialer.address, socket.alpnProtocol || "none");
  }
  const channel = createGrpcChannel(socket, dialer.address);
  const outbox = new Outbox<Request>();
  const answers = createClient(JoinService, channel.transport)
    .join(outbox, { signal: options.signal })
    [Symbol.asyncIterator]();
  let proofSent = false;
  try {
    outbox.send(clientInit(options));
    const init = expectInit(await answers.next(), outbox, where, options);
    const type = ecdsaSuites.includes(init.signatureAlgorithmSuite) ? "ecdsa-p256" : "rsa-2048";
    const keyPair = await options.createKeyPair(type);
    proofSent = true;
    outbox.send(proof(options, keyPair));
    const certificates = expectCertificates(await answers.next(), outbox, where);
    const useless = (what: string, cause?: unknown): JoinError => invalidAnswer(where, what, cause);
    return readBotIdentity(textForms(certificates, useless), keyPair, options.caPins, { where, useless });
  } catch (error) {
    throw await joinServiceError(error, { dialer, where, proofSent, options });
  } finally {
    outbox.end();
    // What was sent last must leave, and nobody has to wait for that.
    answers
      .next()
      .catch(() => {})
      .finally(() => channel.close());
  }
}

function notRouted(address: string, alpn: string): TransportError {
  return new TransportError({
    code: "ERR_TRANSPORT_NOT_TELEPORT",
    kind: "cluster",
    message: `The proxy ${address} did not route the connection to its join service (ALPN answer: ${alpn}).`,
    hint: "A load balancer in front of the proxy ends TLS itself: it must pass TLS through to the proxy.",
  });
}

function clientInit({ method, token }: JoinServiceOptions): Request {
  const value = { joinMethod: method.name, tokenName: token.reveal(), systemRole: "Bot" };
  return { payload: { case: "clientInit", value } };
}

function proof(options: JoinServiceOptions, keyPair: KeyPair): Request {
  const publicKeys = {
    publicTlsKey: new Uint8Array(keyPair.publicKey.export({ type: "spki", format: "der" })),
    publicSshKey: new Uint8Array(parseAuthorizedKey(keyPair.publicKeyLine).blob),
  };
  const botParams = { publicKeys, expires: timestampFromDate(options.expires) };
  const clientParams = create(ClientParamsSchema, { payload: { case: "botParams", value: botParams } });
  if (options.method.proof === "secret") return { payload: { case: "tokenInit", value: { clientParams } } };
  const idToken = new Uint8Array(Buffer.from(options.idToken?.reveal() ?? "", "utf8"));
  return { payload: { case: "oidcInit", value: { clientParams, idToken } } };
}

/** Tells the cluster why the attempt ends, for its audit log (join.md section 5.6). */
function giveUp(outbox: Outbox<Request>, reason: GivingUp_Reason, msg: string): void {
  outbox.send({ payload: { case: "givingUp", value: { reason, msg } } });
}

function expectInit(
  { value }: IteratorResult<JoinResponse, unknown>,
  outbox: Outbox<Request>,
  where: string,
  { method }: JoinServiceOptions,
): ServerInit {
  const payload = (value as JoinResponse | undefined)?.payload;
  if (payload?.case !== "init") {
    giveUp(outbox, GivingUp_Reason.UNSUPPORTED_MESSAGE_TYPE, "expected ServerInit");
    throw invalidAnswer(where, `${payload?.case ?? "something unknown"} instead of ServerInit`);
  }
  const asked = payload.value.joinMethod;
  if (asked === "" || asked === method.name) return payload.value;
  giveUp(outbox, GivingUp_Reason.UNSUPPORTED_JOIN_METHOD, `this client joins by ${method.name}`);
  throw new JoinError({
    code: "ERR_JOIN_METHOD_WRONG",
    kind: "user",
    message: `${where} asked for the join method ${JSON.stringify(asked.slice(0, 80))}, and this job joins by ${method.name}.`,
    hint: "The token resource has another join_method than this job uses: compare them.",
  });
}

function expectCertificates(
  { value }: IteratorResult<JoinResponse, unknown>,
  outbox: Outbox<Request>,
  where: string,
): Certificates {
  const payload = (value as JoinResponse | undefined)?.payload;
  const result = payload?.case === "result" ? payload.value.payload : undefined;
  if (result?.case === "botResult" && result.value.certificates !== undefined)
    return result.value.certificates;
  if (result === undefined) {
    giveUp(outbox, GivingUp_Reason.UNSUPPORTED_MESSAGE_TYPE, "expected Result");
  }
  throw invalidAnswer(where, `${payload?.case ?? "something unknown"} without a bot's certificates`);
}

/** Puts on the armour in which everything else has certificates and keys (join.md section 12). */
function textForms(
  { tlsCert, tlsCaCerts, sshCert, sshCaKeys }: Certificates,
  useless: (what: string, cause?: unknown) => JoinError,
): BotCertificates {
  const pem = (der: Uint8Array): string => encodePem("CERTIFICATE", der);
  const line = (blob: Uint8Array): string => `${formatAuthorizedKey(blob)}\n`;
  if (tlsCert.length === 0) throw useless("the TLS certificate is missing");
  if (sshCert.length === 0) throw useless("the SSH certificate is missing");
  if (tlsCaCerts.length === 0) throw useless("the certificate authorities are missing");
  try {
    return {
      tls: pem(tlsCert),
      ssh: line(sshCert),
      tlsAuthorities: tlsCaCerts.map(pem),
      sshAuthorities: sshCaKeys.map(line),
    };
  } catch (error) {
    throw useless("its SSH keys cannot be read", error);
  }
}
