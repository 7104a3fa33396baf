import { constants } from "node:crypto";
import {
  createSecureContext,
  createServer,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
  type TlsOptions,
} from "node:tls";
import { type RouteName, webProtocols } from "./routes.ts";

/** A certificate with its private key, both PEM. */
interface ServerIdentity {
  certificatePem: string;
  privateKeyPem: string;
}

/** The three certificates that a proxy shows: its public web one, its host one, and the Auth Service's. */
export interface ServerIdentities {
  web: ServerIdentity;
  proxy: ServerIdentity;
  auth: ServerIdentity;
  /** The web certificate for the name of an application; undefined for every other name. */
  ofApplication(serverName: string): ServerIdentity | undefined;
}

/** How a connection reached the router: directly, inside a connection upgrade, or with its ALPN stripped. */
export type Approach = "direct" | "upgraded" | "alpn-stripped";

/** How TLS ends on a route (proxy-transport.md section 1.2). */
interface RouteTls {
  identity: "web" | "proxy" | "auth";
  /** Server preference; undefined when the server answers no ALPN extension at all. */
  protocols: readonly string[] | undefined;
  /** Whether a client certificate is asked for. */
  asksClient: boolean;
}

/** The TLS settings of each route. */
function routeTls(route: RouteName, answersTransportAlpn: boolean): RouteTls {
  switch (route) {
    case "web":
    case "tcp-app":
    case "database":
      return { identity: "web", protocols: webProtocols, asksClient: true };
    case "kube":
      return { identity: "proxy", protocols: ["h2", "http/1.1"], asksClient: true };
    case "database-tls":
      return { identity: "proxy", protocols: undefined, asksClient: true };
    case "join-grpc":
    case "reverse-tunnel":
      return { identity: "web", protocols: webProtocols, asksClient: false };
    case "auth":
      return { identity: "auth", protocols: ["h2"], asksClient: true };
    case "auth-http":
      return { identity: "auth", protocols: undefined, asksClient: true };
    case "transport":
      // v14 hands this route a TLS configuration with an empty ALPN list.
      return {
        identity: "proxy",
        protocols: answersTransportAlpn ? ["h2", "teleport-proxy-ssh-grpc"] : undefined,
        asksClient: true,
      };
  }
}

/**
 * Makes the TLS server of one route. It trusts nothing by itself (`ca: []`): who the client is gets judged
 * after the handshake, see judgePeer. Inside an upgrade the host certificate stands in for the web one
 * (proxy-transport.md section 2.4).
 */
export function createRouteServer(
  route: RouteName,
  approach: Approach,
  options: { answersTransportAlpn: boolean; identities: ServerIdentities; onSecure(socket: TLSSocket): void },
): Server {
  const tls = routeTls(route, options.answersTransportAlpn);
  const shown = tls.identity === "web" && approach === "upgraded" ? "proxy" : tls.identity;
  const identity = options.identities[shown];
  const contextOf = ({ certificatePem, privateKeyPem }: ServerIdentity): SecureContextOptions => ({
    cert: certificatePem,
    key: privateKeyPem,
    ca: [],
    minVersion: "TLSv1.2",
    // A resumed session would not show again how many certificates the client had sent.
    secureOptions: constants.SSL_OP_NO_TICKET,
  });
  const settings: TlsOptions = {
    ...contextOf(identity),
    requestCert: tls.asksClient,
    rejectUnauthorized: false,
  };
  if (shown === "web") {
    settings.SNICallback = (name, done) => {
      const own = options.identities.ofApplication(name);
      done(null, own === undefined ? undefined : createSecureContext(contextOf(own)));
    };
  }
  if (tls.protocols !== undefined && approach !== "alpn-stripped")
    settings.ALPNProtocols = [...tls.protocols];
  const server = createServer(settings);
  server.on("secureConnection", options.onSecure);
  // A client that breaks off the handshake is that client's affair.
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return server;
}
