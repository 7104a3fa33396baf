import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from "node:http2";
import { request as httpsRequest, type RequestOptions } from "node:https";
import { isIP, type Socket } from "node:net";
import tls, { type ConnectionOptions, type TLSSocket } from "node:tls";

/** Where and as whom the raw client connects. None of bot-join's own client code is used here. */
export interface RawTarget {
  /** host:port */
  address: string;
  /** PEM of what is trusted; undefined is Node's own list. */
  ca?: string | string[];
}

function hostAndPort(address: string): { host: string; port: number } {
  const separator = address.lastIndexOf(":");
  return {
    host: address.slice(0, separator).replace(/^\[|\]$/g, ""),
    port: Number(address.slice(separator + 1)),
  };
}

/** Opens a TLS connection and gives it after the handshake; rejects when it fails or is closed during it. */
export async function rawTls(target: RawTarget, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { host, port } = hostAndPort(target.address);
  const socket = tls.connect({
    host,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(target.ca === undefined ? {} : { ca: target.ca }),
    ...options,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve).once("error", reject);
    socket.once("close", () => reject(new Error("closed during the handshake")));
  });
  socket.on("error", () => undefined);
  return socket;
}

/** One HTTP answer as it came. */
export interface RawHttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Makes one HTTPS request on a connection of its own. */
export function rawHttp(
  target: RawTarget,
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string | Uint8Array; tls?: RequestOptions } = {},
): Promise<RawHttpAnswer> {
  const { host, port } = hostAndPort(target.address);
  return new Promise((resolve, reject) => {
    const request = httpsRequest({
      host,
      port,
      method,
      path,
      agent: false,
      headers: options.headers ?? {},
      ...(target.ca === undefined ? {} : { ca: target.ca }),
      ...options.tls,
    });
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    request.end(options.body);
  });
}

/** One gRPC answer as it came: header and trailer values are not decoded. */
export interface RawGrpcAnswer {
  /** `grpc-status`, from wherever it came. */
  status: number;
  /** `grpc-message`, percent-decoded. */
  message: string;
  /** `grpc-message` as on the wire; undefined when there was none. */
  rawMessage: string | undefined;
  headers: IncomingHttpHeaders;
  /** Empty when the status came in the one HEADERS frame. */
  trailers: IncomingHttpHeaders;
  messages: Buffer[];
}

function splitMessages(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let offset = 0; offset + 5 <= bytes.length; ) {
    const length = bytes.readUInt32BE(offset + 1);
    messages.push(bytes.subarray(offset + 5, offset + 5 + length));
    offset += 5 + length;
  }
  return messages;
}

/** Frames one gRPC message. */
export function grpcFrame(message: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

/** gRPC by hand on an open TLS connection. */
export class RawGrpc implements Disposable {
  readonly session: ClientHttp2Session;
  readonly #socket: TLSSocket;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    this.session = http2.connect("https://emulator", { createConnection: () => socket });
    this.session.on("error", () => undefined);
  }

  /** Opens a call and leaves both directions to the caller. */
  open(path: string, metadata: Record<string, string> = {}): ClientHttp2Stream {
    const stream = this.session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...metadata,
    });
    stream.on("error", () => undefined);
    return stream;
  }

  /** Sends one message and collects the whole answer; rejects when the connection is lost before a status came. */
  async unary(
    path: string,
    message: Uint8Array,
    metadata: Record<string, string> = {},
  ): Promise<RawGrpcAnswer> {
    const stream = this.open(path, metadata);
    stream.end(grpcFrame(message));
    return readAnswer(stream);
  }

  [Symbol.dispose](): void {
    this.session.destroy();
    this.#socket.destroy();
  }
}

/** Collects what is left of a call. */
export async function readAnswer(stream: ClientHttp2Stream): Promise<RawGrpcAnswer> {
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on("response", (received) => {
    headers = received;
  });
  stream.on("trailers", (received) => {
    trailers = received;
  });
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => stream.end());
  if (!stream.closed) await once(stream, "close");
  const status = trailers["grpc-status"] ?? headers["grpc-status"];
  if (status === undefined) throw new Error("the connection was lost before a gRPC status came");
  const rawMessage = (trailers["grpc-message"] ?? headers["grpc-message"]) as string | undefined;
  return {
    status: Number(status),
    message: decodeURIComponent(rawMessage ?? ""),
    rawMessage,
    headers,
    trailers,
    messages: splitMessages(Buffer.concat(chunks)),
  };
}

/** A key pair in the forms that a join and a TLS client need. */
export interface RawKey {
  privateKeyPem: string;
  publicKeyPem: string;
  /** authorized_keys line with newline. */
  publicKeyLine: string;
}

function sshString(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function sshLine(publicKey: KeyObject): string {
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
  const type = "ecdsa-sha2-nistp256";
  const blob = Buffer.concat([sshString(type), sshString("nistp256"), sshString(point)]);
  return `${type} ${blob.toString("base64")}\n`;
}

/** Makes a P-256 key pair. */
export function rawKey(): RawKey {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }) as string,
    publicKeyLine: sshLine(publicKey),
  };
}

/** Gives the whole body of a join request (join.md section 2.1); given members replace those of an ordinary bot. */
export function rawJoinRequest(key: RawKey, members: Record<string, unknown>): Record<string, unknown> {
  return {
    hostID: "",
    node_name: "",
    role: "Bot",
    token: "ghcom",
    additional_principals: null,
    dns_names: null,
    public_tls_key: Buffer.from(key.publicKeyPem).toString("base64"),
    public_ssh_key: Buffer.from(key.publicKeyLine).toString("base64"),
    remote_addr: "",
    ec2_id: null,
    id_token: "",
    ...members,
  };
}

/** Sends a join request. */
export function rawJoin(target: RawTarget, body: Record<string, unknown>): Promise<RawHttpAnswer> {
  return rawHttp(target, "POST", "/v1/webapi/host/credentials", {
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** What a joined bot holds, decoded from the answer. */
export interface RawIdentity {
  key: RawKey;
  ssh: string;
  tls: string;
  /** User CA, then host CA. */
  tlsCaCerts: string[];
  sshCaCerts: string[];
}

/** Decodes the answer of a successful join. */
export function readRawIdentity(key: RawKey, answer: RawHttpAnswer): RawIdentity {
  if (answer.status !== 200) throw new Error(`the join was answered ${answer.status}: ${answer.body}`);
  const body = JSON.parse(answer.body) as {
    ssh: string;
    tls: string;
    tls_ca_certs: string[];
    ssh_ca_certs: string[];
  };
  const decode = (text: string): string => Buffer.from(text, "base64").toString("utf8");
  return {
    key,
    ssh: decode(body.ssh),
    tls: decode(body.tls),
    tlsCaCerts: body.tls_ca_certs.map(decode),
    sshCaCerts: body.ssh_ca_certs.map(decode),
  };
}

/** The name that leads to a cluster's Auth Service (user-certs.md section 1.1). */
export function authServerName(cluster: string): string {
  return `${Buffer.from(cluster).toString("hex")}.teleport.cluster.local`;
}

/** Opens gRPC to the Auth Service as the identity, trusting the host CA alone. */
export async function rawAuth(
  target: RawTarget,
  cluster: string,
  identity: RawIdentity | undefined,
  options: ConnectionOptions = {},
): Promise<RawGrpc> {
  const name = authServerName(cluster);
  const socket = await rawTls(target, {
    servername: name,
    ALPNProtocols: [`teleport-auth@${name}`, "h2"],
    ...(identity === undefined
      ? { rejectUnauthorized: false }
      : { cert: identity.tls, key: identity.key.privateKeyPem, ca: identity.tlsCaCerts[1] ?? "" }),
    ...options,
  });
  return new RawGrpc(socket);
}

/** Opens gRPC to the proxy's transport service as the identity. */
export async function rawTransport(
  target: RawTarget,
  identity: RawIdentity,
  options: ConnectionOptions = {},
): Promise<RawGrpc> {
  const socket = await rawTls(target, {
    ALPNProtocols: ["teleport-proxy-ssh-grpc", "h2"],
    cert: identity.tls,
    key: identity.key.privateKeyPem,
    ca: identity.tlsCaCerts[1] ?? "",
    ...options,
  });
  return new RawGrpc(socket);
}

/** Waits until the other end closes, and tells whether any byte came before that. */
export async function closedSilently(socket: Socket): Promise<boolean> {
  let silent = true;
  socket.on("data", () => {
    silent = false;
  });
  socket.resume();
  if (!socket.destroyed) await once(socket, "close");
  return silent;
}
