import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { AppResource } from "@bot-join/resources";
import type { Peer } from "../listener/client-certificate.ts";
import { Refusal } from "../refusal.ts";
import { connectBackend, join } from "./connect.ts";
import {
  type ClientRequest,
  type ClientResponse,
  forwardRequest,
  forwardUpgrade,
  type HttpTarget,
} from "./forward-http.ts";
import { tlsSocketOf } from "./peer-certificate.ts";

/** What serving applications needs to know. */
export interface ApplicationOptions {
  /** Whether a host name is one of an application. */
  isHost(host: string): boolean;
  /** Finds the application of a certificate; throws a Refusal. */
  find(certificatePem: string): AppResource;
  judge(socket: TLSSocket): Peer;
  /** host:port of the proxy. */
  proxyAddress: string;
  onInternalError(error: unknown): void;
}

/** Serves applications by host name on the web port. */
export class Applications {
  readonly #options: ApplicationOptions;

  constructor(options: ApplicationOptions) {
    this.#options = options;
  }

  /** Serves a request if it is for an application; false when it is not. */
  serve(request: ClientRequest, response: ClientResponse): boolean {
    const host = hostOf(request);
    if (!this.#options.isHost(host)) return false;
    const app = this.#find(request);
    if (app === undefined) {
      // Who shows no good certificate is taken for a browser and sent to the login page.
      const path = encodeURIComponent(request.url ?? "/");
      const location = `https://${this.#options.proxyAddress}/web/launch/${host.replace(/:\d+$/, "")}?path=${path}`;
      response.statusCode = 302;
      response.setHeader("location", location);
      response.end();
      return true;
    }
    forwardRequest(request, response, targetOf(app, request, host), ({ message }) => {
      response.statusCode = 502;
      response.end(`${message}\n`);
    });
    return true;
  }

  /** The same for a request that asks for another protocol. */
  serveUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): boolean {
    const host = hostOf(request);
    if (!this.#options.isHost(host)) return false;
    const app = this.#find(request);
    if (app === undefined) socket.end("HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n");
    else forwardUpgrade(request, socket, head, targetOf(app, request, host));
    return true;
  }

  /** Joins a connection to the TCP application of its certificate. */
  async serveTcp(stream: Duplex, certificatePem: string): Promise<void> {
    try {
      const { uri } = this.#options.find(certificatePem);
      join(stream, await connectBackend(uri));
    } catch (error) {
      if (!(error instanceof Refusal)) this.#options.onInternalError(error);
      stream.destroy();
    }
  }

  #find(request: ClientRequest): AppResource | undefined {
    const socket = tlsSocketOf(request);
    const peer = socket === undefined ? undefined : this.#options.judge(socket);
    if (peer?.state !== "certificate") return undefined;
    try {
      return this.#options.find(peer.certificate.toString());
    } catch (error) {
      if (!(error instanceof Refusal)) this.#options.onInternalError(error);
      return undefined;
    }
  }
}

function hostOf(request: ClientRequest): string {
  const authority = request.headers[":authority"] ?? request.headers.host;
  return typeof authority === "string" ? authority : "";
}

function targetOf(app: AppResource, request: ClientRequest, host: string): HttpTarget {
  const { origin, pathname } = new URL(app.uri);
  return {
    origin,
    path: `${pathname.replace(/\/$/, "")}${request.url ?? "/"}`,
    headers: { "x-forwarded-host": host, "x-forwarded-proto": "https" },
    tls: { rejectUnauthorized: !app.insecureSkipVerify },
  };
}
