import {
  type Http2ServerRequest,
  Http2ServerResponse,
  performServerHandshake,
  type ServerHttp2Session,
  Http2ServerRequest as ServerRequest,
} from "node:http2";
import type { TLSSocket } from "node:tls";
import type { DescService } from "@bufbuild/protobuf";
import {
  type ConnectRouter,
  type ContextKey,
  createContextKey,
  createContextValues,
} from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { FaultPlan } from "../faults.ts";
import { shapeLikeGo, writeStatus } from "./wire-shape.ts";

/** What a gRPC route serves. */
export interface GrpcServerOptions {
  /** The services behind this route; calls to others are answered with Unimplemented. */
  services: readonly DescService[];
  routes(router: ConnectRouter): void;
  /** Refuses a call by its metadata; the connection is closed afterwards. */
  checkVersion?(version: string | undefined): string | undefined;
  faults: FaultPlan;
}

/** What handlers can know of the connection that a call came over. */
export interface GrpcConnection {
  /** PEM of the client certificate; undefined without one. */
  certificatePem: string | undefined;
  /** Address of the client, host:port. */
  address: string;
}

/** Where handlers find the {@link GrpcConnection}. */
export const connectionKey: ContextKey<GrpcConnection> = createContextKey<GrpcConnection>(
  { certificatePem: undefined, address: "" },
  { description: "connection of a call" },
);

const unimplemented = 12;
const permissionDenied = 7;

/** The text for a path that is not served, as Go's gRPC words it (user-certs.md section 1.5). */
function unknownText(path: string, services: readonly DescService[]): string {
  const [service = "", method = ""] = path.slice(1).split("/");
  return services.some((known) => known.typeName === service)
    ? `unknown method ${method} for service ${service}`
    : `unknown service ${service}`;
}

/** Serves gRPC on TLS connections handed to it, whatever ALPN they negotiated. */
export function createGrpcServer(
  options: GrpcServerOptions,
): (socket: TLSSocket, certificatePem: string | undefined) => void {
  const connections = new WeakMap<object, GrpcConnection>();
  const handle = connectNodeAdapter({
    connect: false,
    grpcWeb: false,
    acceptCompression: [],
    routes: options.routes,
    contextValues: (request) => {
      const session = "stream" in request ? request.stream.session : undefined;
      const connection = session === undefined ? undefined : connections.get(session);
      const values = createContextValues();
      return connection === undefined ? values : values.set(connectionKey, connection);
    },
    fallback: (request, response) => {
      writeStatus(
        response as Http2ServerResponse,
        unimplemented,
        unknownText(request.url ?? "", options.services),
      );
    },
  });
  const serveCall = (
    session: ServerHttp2Session,
    request: Http2ServerRequest,
    response: Http2ServerResponse,
  ): void => {
    shapeLikeGo(response);
    const version = request.headers["version"];
    const refused = options.checkVersion?.(Array.isArray(version) ? version[0] : version);
    if (refused !== undefined) {
      writeStatus(response, permissionDenied, refused);
      session.close();
      return;
    }
    const fault = options.faults.take("rpc");
    if (fault === "drop") {
      session.destroy();
      return;
    }
    if (typeof fault === "object") {
      writeStatus(response, fault.code, fault.message);
      return;
    }
    if (fault === "truncated") cutFirstMessage(session, response);
    handle(request, response);
  };
  return (socket, certificatePem) => {
    const session = performServerHandshake(socket);
    connections.set(session, { certificatePem, address: `${socket.remoteAddress}:${socket.remotePort}` });
    session.on("error", () => session.destroy());
    session.on("stream", (stream, headers) => {
      stream.on("error", () => undefined);
      const request = new ServerRequest(stream, headers, {}, []);
      serveCall(session, request, new Http2ServerResponse(stream));
    });
  };
}

/** Sends half of the first message and then loses the connection. */
function cutFirstMessage(session: ServerHttp2Session, response: Http2ServerResponse): void {
  type Write = (chunk: Uint8Array, encoding: string, done: () => void) => boolean;
  const write = response.write.bind(response) as unknown as Write;
  Object.assign(response, {
    write: (chunk: Uint8Array) => write(chunk.subarray(0, chunk.length / 2), "", () => session.destroy()),
  });
}
