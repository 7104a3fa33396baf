import { Refusal } from "../refusal.ts";
import { jsonAnswer, notFoundAnswer, refusalAnswer, type WebAnswer } from "./answer.ts";
import { type DiscoveryOptions, findBody, pingBody } from "./discovery.ts";

/** One request of the web API with its whole body. */
export interface WebRequest {
  method: string;
  /** Path without the query. */
  path: string;
  contentType: string | undefined;
  /** Values of `X-Teleport-Upgrade`, then of `Upgrade`. */
  upgradeTypes: readonly string[];
  body: Uint8Array;
  remoteAddress: string;
}

/** What a join answers, each value as the text that goes base64-encoded over the wire. */
export interface JoinCertificates {
  ssh: string;
  tls: string;
  tlsCaCerts: string[];
  sshCaCerts: string[];
}

/** What the web API answers with. */
export interface WebHandlerOptions {
  discovery: DiscoveryOptions;
  join(request: unknown, remoteAddress: string): Promise<JoinCertificates>;
}

/** Bodies of this size and above are refused (join.md section 2.1). */
export const maxBodyBytes = 10_485_760;

function isJson(contentType: string | undefined): boolean {
  return contentType?.split(";", 1)[0]?.trim().toLowerCase() === "application/json";
}

/** Decodes a JSON body, or refuses it in the words of Go's decoder where those are known. */
function decodeJson(body: Uint8Array): unknown {
  const text = Buffer.from(body).toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    const first = text.trimStart()[0];
    const reason =
      first === undefined || /[{["\-0-9tfn]/.test(first)
        ? "unexpected end of JSON input"
        : `invalid character '${first}' looking for beginning of value`;
    throw new Refusal("bad-parameter", `request: ${reason}`);
  }
}

/** Writes a join result as the endpoint answers it: values in base64, empty members left out. */
function joinBody(certificates: JoinCertificates): Record<string, unknown> {
  const encode = (text: string): string => Buffer.from(text).toString("base64");
  const members: [string, string | string[]][] = [
    ["ssh", encode(certificates.ssh)],
    ["tls", encode(certificates.tls)],
    ["tls_ca_certs", certificates.tlsCaCerts.map(encode)],
    ["ssh_ca_certs", certificates.sshCaCerts.map(encode)],
  ];
  return Object.fromEntries(members.filter(([, value]) => value.length > 0));
}

async function answerJoin(request: WebRequest, options: WebHandlerOptions): Promise<WebAnswer> {
  if (!isJson(request.contentType)) throw new Refusal("bad-parameter", "invalid request");
  if (request.body.length >= maxBodyBytes) throw new Refusal("limit-exceeded", "the read limit is reached");
  return jsonAnswer(joinBody(await options.join(decodeJson(request.body), request.remoteAddress)));
}

function answerPath(
  path: string,
  request: WebRequest,
  options: WebHandlerOptions,
): WebAnswer | Promise<WebAnswer> {
  const route = `${request.method} ${path}`;
  if (route === "GET /webapi/ping") return jsonAnswer(pingBody(options.discovery));
  if (route === "GET /webapi/find") return jsonAnswer(findBody(options.discovery));
  if (route === "POST /webapi/host/credentials") return answerJoin(request, options);
  if (route === "GET /webapi/connectionupgrade") {
    throw new Refusal("not-found", `unsupported upgrade types: [${request.upgradeTypes.join(" ")}]`);
  }
  const connector = /^GET \/webapi\/ping\/([^/]+)$/.exec(route)?.[1];
  if (connector !== undefined) throw new Refusal("bad-parameter", `invalid connector name: ${connector}`);
  return notFoundAnswer();
}

/** Strips the prefix under which every path is served a second time. */
export function withoutVersionPrefix(path: string): string {
  return path.startsWith("/v1/") ? path.slice("/v1".length) : path;
}

/** Answers one request of the web API: join.md sections 1.1 and 2. */
export async function answerWeb(request: WebRequest, options: WebHandlerOptions): Promise<WebAnswer> {
  try {
    return await answerPath(withoutVersionPrefix(request.path), request, options);
  } catch (error) {
    if (error instanceof Refusal) return refusalAnswer(error);
    throw error;
  }
}
