import type { TLSSocket } from "node:tls";
import type { Secret } from "@bot-join/core";
import { type ProxyDialer, postJson, TransportError, type WebAnswer } from "@bot-join/transport";
import * as v from "valibot";
import type { BotIdentity } from "./bot-identity.ts";
import { parseJson, readCredentials } from "./credentials.ts";
import type { KeyPair } from "./key-pair.ts";
import type { JoinMethod } from "./methods/join-method.ts";
import { joinRefusal } from "./refusal.ts";
import { retryAfterMs } from "./retry-after.ts";

/** The path of the join, as the original client writes it (join.md section 2.1). */
const joinPath = "/v1/webapi/host/credentials";

/** What a Teleport proxy, like other programs in Go, says to a path that it does not serve (join.md section 1.1). */
const pathUnknownText = "404 page not found";

/** What a join shows and asks for. */
export interface RegisterOptions {
  method: JoinMethod;
  /** Name of the join token; for the method `token` it is the secret. */
  token: Secret;
  idToken: Secret | undefined;
  keyPair: KeyPair;
  /** Expiry asked for; the cluster shortens it silently (join.md section 8.1). */
  expires: Date;
  /** Pins of the host CA, `sha256:<hex>` in any case; with any given, only matching CAs are trusted. */
  caPins: string[];
  signal: AbortSignal;
}

/** The body of an error (join.md section 3.1). */
const errorSchema = v.object({
  error: v.optional(v.object({ message: v.optional(v.string()) })),
  message: v.optional(v.string()),
});

/** Answers of whatever stands in front of the proxy when it has no use for the request just now. */
const gatewayStatuses: readonly number[] = [429, 502, 503, 504];

/** How the token may be named in messages: its name, but for the method whose name is the secret. */
export function printableTokenName(method: JoinMethod, token: Secret): string {
  return method.proof === "secret" ? "given (a secret, not shown)" : `"${token.reveal()}"`;
}

/**
 * Joins over HTTP (join.md section 2): one request on a connection made before. Throws a JoinError when the
 * cluster refuses or answers nonsense, a TransportError when the connection fails or a stranger answers. An
 * error that is worth another try may say in `details.retryAfterMs` how long the server asks to wait.
 */
export async function register(
  dialer: ProxyDialer,
  web: TLSSocket,
  options: RegisterOptions,
): Promise<BotIdentity> {
  const { keyPair, signal } = options;
  const body = JSON.stringify({
    hostID: "",
    node_name: "",
    role: "Bot",
    token: options.token.reveal(),
    additional_principals: null,
    dns_names: null,
    public_tls_key: Buffer.from(keyPair.publicKeyPem).toString("base64"),
    public_ssh_key: Buffer.from(`${keyPair.publicKeyLine}\n`).toString("base64"),
    remote_addr: "",
    ec2_id: null,
    id_token: options.idToken?.reveal() ?? "",
    expires: options.expires.toISOString(),
  });
  const answer = await postJson(web, { host: dialer.address, path: joinPath, body, signal });
  if (answer.status !== 200) throw refusalOf(answer, dialer.address, options);
  return readCredentials(answer.body, whereOf(dialer.address), keyPair, options.caPins);
}

function whereOf(address: string): string {
  return `The cluster at ${address}`;
}

function refusalOf(answer: WebAnswer, address: string, options: RegisterOptions): Error {
  const { status, headers } = answer;
  const parsed = v.safeParse(errorSchema, parseJson(answer.body));
  if (!parsed.success && !gatewayStatuses.includes(status)) {
    const type = headers["content-type"]?.split(";")[0] ?? "no type";
    return new TransportError({
      code: "ERR_TRANSPORT_NOT_TELEPORT",
      kind: "user",
      message: `POST https://${address}${joinPath} was answered with HTTP ${status} (${type}): that is not a Teleport proxy.`,
      hint: "Check the input proxy: host and port of the Teleport web interface are meant.",
      requestSent: true,
      details: { status, pathUnknown: status === 404 && answer.body.trim() === pathUnknownText },
    });
  }
  const text = parsed.success ? (parsed.output.error?.message ?? parsed.output.message ?? "") : "";
  return joinRefusal({
    status,
    answer: `HTTP ${status}`,
    text: withoutSecrets(text, options),
    where: whereOf(address),
    tokenName: printableTokenName(options.method, options.token),
    retryAfterMs: retryAfterMs(headers),
  });
}

/** Takes out of a server's text what it may quote of what it was sent. */
export function withoutSecrets(
  text: string,
  { method, token, idToken }: Pick<RegisterOptions, "method" | "token" | "idToken">,
): string {
  const secrets = [method.proof === "secret" ? token : undefined, idToken];
  return secrets.reduce(
    (rest, secret) => (secret ? rest.replaceAll(secret.reveal(), `${secret}`) : rest),
    text,
  );
}
