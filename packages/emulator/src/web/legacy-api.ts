import { createServer, type IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { anonymousCaller, type Caller } from "../caller.ts";
import { Refusal } from "../refusal.ts";
import { jsonAnswer, notFoundAnswer, refusalAnswer, type WebAnswer } from "./answer.ts";

/** What the legacy API answers from; each throws a Refusal instead of an answer. */
export interface LegacyApiOptions {
  clusterName: string;
  authenticate(certificatePem: string): Caller;
  /** Names of the leaf clusters that the caller may see. */
  leafClusters(caller: Caller): string[];
  /** Issues a host certificate for the decoded JSON body of a request. */
  hostCertificate(caller: Caller, body: unknown): string;
  onInternalError(error: unknown): void;
}

/** Most bytes of a body that are read. */
const maxBodyBytes = 1_000_000;

/** Serves what bots read of the Auth Service's legacy HTTP API (user-certs.md section 2.11) on TLS connections. */
export function createLegacyApi(
  options: LegacyApiOptions,
): (socket: TLSSocket, certificatePem: string | undefined) => void {
  const certificates = new WeakMap<object, string>();
  const answer = (request: IncomingMessage, body: string): WebAnswer => {
    const certificatePem = certificates.get(request.socket);
    const caller = certificatePem === undefined ? anonymousCaller : options.authenticate(certificatePem);
    const route = `${request.method} ${request.url?.split("?", 1)[0]}`;
    if (route === "GET /v2/remoteclusters")
      return jsonAnswer(options.leafClusters(caller).map(remoteCluster));
    if (route === "GET /v2/configuration/name") return jsonAnswer(clusterName(options.clusterName));
    if (route === "POST /v2/ca/host/certs") return jsonAnswer(options.hostCertificate(caller, decode(body)));
    return notFoundAnswer();
  };
  const server = createServer(async (request, response) => {
    try {
      const { status, headers, body } = answer(request, await readBody(request));
      response.writeHead(status, headers).end(body);
    } catch (error) {
      if (!(error instanceof Refusal)) options.onInternalError(error);
      const refusal =
        error instanceof Refusal ? error : new Refusal("untyped", "internal error of the emulator");
      const { status, headers, body } = refusalAnswer(refusal);
      response.writeHead(status, headers).end(body);
    }
  });
  return (socket, certificatePem) => {
    if (certificatePem !== undefined) certificates.set(socket, certificatePem);
    server.emit("connection", socket);
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let left = maxBodyBytes;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, left));
    left -= Math.min(left, chunk.length);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function decode(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Refusal("bad-parameter", "request: unexpected end of JSON input");
  }
}

function remoteCluster(name: string): object {
  return {
    kind: "remote_cluster",
    version: "v3",
    metadata: { name, namespace: "default" },
    status: { connection: "online" },
  };
}

function clusterName(name: string): object {
  return {
    kind: "cluster_name",
    version: "v2",
    metadata: { name: "cluster-name" },
    spec: { cluster_name: name },
  };
}
