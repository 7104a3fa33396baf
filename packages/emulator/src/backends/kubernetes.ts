import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { KubeRoute } from "../access/kubernetes.ts";
import { httpStatusOf, Refusal } from "../refusal.ts";
import {
  type ClientRequest,
  type ClientResponse,
  forwardRequest,
  forwardUpgrade,
  type HttpTarget,
} from "./forward-http.ts";
import { tlsSocketOf } from "./peer-certificate.ts";

/** Finds where a request with this certificate and path goes; throws a Refusal. */
type FindRoute = (certificatePem: string, path: string) => KubeRoute;

const reasons: Readonly<Record<number, string>> = { 403: "Forbidden", 404: "NotFound", 504: "Timeout" };

/** Answers in the form of an API server, so that clients show the text. */
function answerStatus(response: ClientResponse, code: number, message: string): void {
  const status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason: reasons[code] ?? "InternalError",
    code,
  };
  response.statusCode = code;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(status));
}

function targetOf({ access, path, user, groups }: KubeRoute): HttpTarget {
  const { server, token, authorityPem, serverName, clientCertificatePem, clientKeyPem } = access;
  const prefix = new URL(server).pathname.replace(/\/$/, "");
  return {
    origin: new URL(server).origin,
    path: `${prefix}${path}`,
    headers: {
      "impersonate-user": user,
      "impersonate-group": groups,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    // Who the caller is at the cluster is the proxy's to say.
    withheld: (name) => name === "authorization" || name.startsWith("impersonate-"),
    tls: {
      rejectUnauthorized: !access.insecureSkipVerify,
      ...(authorityPem !== undefined && { ca: authorityPem }),
      ...(serverName !== undefined && { servername: serverName }),
      ...(clientCertificatePem !== undefined && { cert: clientCertificatePem }),
      ...(clientKeyPem !== undefined && { key: clientKeyPem }),
    },
  };
}

/** Serves the Kubernetes address of the proxy on TLS connections with a verified client certificate. */
export function createKubernetesServer(
  findRoute: FindRoute,
  onInternalError: (error: unknown) => void,
): (socket: TLSSocket) => void {
  const route = (request: ClientRequest): HttpTarget | Refusal => {
    try {
      const certificate = tlsSocketOf(request)?.getPeerX509Certificate();
      if (certificate === undefined) return new Refusal("access-denied", "the connection is gone");
      return targetOf(findRoute(certificate.toString(), request.url ?? "/"));
    } catch (error) {
      if (error instanceof Refusal) return error;
      onInternalError(error);
      return new Refusal("untyped", "internal error of the emulator");
    }
  };
  const serve = (request: ClientRequest, response: ClientResponse): void => {
    const target = route(request);
    if (target instanceof Refusal) answerStatus(response, httpStatusOf[target.class], target.message);
    else forwardRequest(request, response, target, ({ message }) => answerStatus(response, 502, message));
  };
  const http1 = createHttpServer(serve);
  const http2 = createHttp2Server(serve);
  http2.on("sessionError", () => undefined);
  http1.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const target = route(request);
    if (target instanceof Refusal) socket.end(`HTTP/1.1 ${httpStatusOf[target.class]} Refused\r\n\r\n`);
    else forwardUpgrade(request, socket, head, target);
  });
  return (socket) => void (socket.alpnProtocol === "h2" ? http2 : http1).emit("connection", socket);
}
