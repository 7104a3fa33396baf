import { connect as connectTcp, isIP, type Socket } from "node:net";
import * as tls from "node:tls";
import { formatHostPort, type HostPort } from "./address.ts";
import { connectThrough, httpProxyFor, type ProxyEnvironment } from "./http-proxy.ts";
import { abortError, isUnknownAuthority, mapDialError, untrustedClusterHint } from "./map-error.ts";
import { startTls } from "./start-tls.ts";

/** How the certificate that the proxy shows to browsers is verified. */
export interface WebTrust {
  /** PEM certificates to trust instead of the system's; undefined means the system's. */
  ca: string[] | undefined;
  /** Accepts any certificate. Only ever set by the user's own `insecure`. */
  insecure: boolean;
}

/** What a dialer needs to know. */
export interface DialerOptions {
  proxy: HostPort;
  webTrust: WebTrust;
  /** Where HTTPS_PROXY, HTTP_PROXY and NO_PROXY are looked up. */
  environment: ProxyEnvironment;
  /** Ends every attempt to connect; connections that are open stay. */
  signal: AbortSignal;
}

/** A certificate with its key, to be shown to the server. The certificate is one leaf, never a chain. */
export interface ClientCertificate {
  certificatePem: string;
  privateKeyPem: string;
}

/** A TLS connection to something behind the proxy whose certificate the cluster's host CA issued. */
export interface ClusterTlsOptions {
  /** Sent in the ClientHello, in this order: the first entry chooses the route (proxy-transport.md section 1.1). */
  alpn: string[];
  /** Sent as SNI; an IP address is not sent. */
  serverName: string;
  /** Names of which the certificate must carry one; the certificate always must come from `hostCa`. */
  acceptedNames: [string, ...string[]];
  /**
   * PEM certificates of the host CA alone. With the CA that issued the client certificate among them,
   * OpenSSL would send a chain of two and the server would hang up (measured-14.2.0.md section 2).
   */
  hostCa: string[];
  client: ClientCertificate;
}

/**
 * How long one address of a name may take while there are others, in milliseconds. Node's own 250 would give
 * up on every address of a distant proxy.
 */
const addressAttemptMs = 2_000;

/** Opens connections to one Teleport proxy: directly or through an HTTP proxy, with the trust each one needs. */
export class ProxyDialer {
  /** `host:port` of the proxy, for messages and headers. */
  readonly address: string;
  readonly proxy: HostPort;
  readonly #options: DialerOptions;
  readonly #open = new Set<Socket>();

  constructor(options: DialerOptions) {
    this.#options = options;
    this.proxy = options.proxy;
    this.address = formatHostPort(options.proxy);
  }

  /** Opens a TCP connection, or a tunnel of an HTTP proxy. Throws a {@link TransportError}. */
  async openTcp(): Promise<Socket> {
    const { proxy, environment, signal } = this.#options;
    signal.throwIfAborted();
    const httpProxy = httpProxyFor(environment, proxy);
    const socket =
      httpProxy === undefined ? await this.#connect() : await connectThrough(httpProxy, proxy, signal);
    socket.setNoDelay(true);
    // A connection that fails while nobody uses it is noticed by whoever takes it up, not by a crash.
    socket.on("error", () => {});
    this.#open.add(socket);
    socket.once("close", () => this.#open.delete(socket));
    return socket;
  }

  /** Opens TLS to the proxy's web endpoint, verified as the user's trust says. Throws a {@link TransportError}. */
  openWeb(): Promise<tls.TLSSocket> {
    return this.#openPublic(["http/1.1"]);
  }

  /**
   * Opens TLS to the proxy's public gRPC endpoint (join.md section 1.5), verified like the web endpoint; `alpnProtocol` of the
   * connection is `h2` when it was reached. Throws a {@link TransportError}.
   */
  openJoinService(): Promise<tls.TLSSocket> {
    return this.#openPublic(["teleport-proxy-grpc", "h2"]);
  }

  /** The first entry of `alpn` chooses the endpoint (proxy-transport.md section 1.1). */
  async #openPublic(alpn: string[]): Promise<tls.TLSSocket> {
    const { proxy, webTrust } = this.#options;
    const where = `The proxy ${this.address}`;
    const open = async (ca: string[] | undefined): Promise<tls.TLSSocket> =>
      this.#handshake(await this.openTcp(), where, {
        ALPNProtocols: alpn,
        rejectUnauthorized: !webTrust.insecure,
        ...(ca === undefined ? {} : { ca }),
        ...nameOptions(proxy.host),
      });
    try {
      return await open(webTrust.ca);
    } catch (error) {
      // Node trusts its own list; a company's authority usually stands in the operating system's store,
      // which is large and is read only when it is needed.
      const systemStore = webTrust.ca === undefined && isUnknownAuthority(error) ? systemAuthorities() : [];
      if (systemStore.length === 0) throw mapDialError(error, where);
      return await open(systemStore).catch((second: unknown) => {
        throw mapDialError(second, where);
      });
    }
  }

  /** Opens TLS to a service of the cluster behind the proxy, over a TCP connection made before. */
  async openCluster(tcp: Socket, options: ClusterTlsOptions): Promise<tls.TLSSocket> {
    const where = `The cluster behind ${this.address}`;
    try {
      if (options.hostCa.length === 0) {
        // Bun would take an empty list for the system's trust.
        tcp.destroy();
        throw Object.assign(new Error("no authority of it is known"), { code: "SELF_SIGNED_CERT_IN_CHAIN" });
      }
      return await this.#handshake(tcp, where, {
        ALPNProtocols: options.alpn,
        ca: options.hostCa,
        cert: options.client.certificatePem,
        key: options.client.privateKeyPem,
        ...nameOptions(options.serverName),
        checkServerIdentity: (_name, certificate) => {
          const [first, ...others] = options.acceptedNames.map((name) =>
            tls.checkServerIdentity(name, certificate),
          );
          return others.includes(undefined) ? undefined : first;
        },
      });
    } catch (error) {
      throw mapDialError(error, where, untrustedClusterHint);
    }
  }

  /** Closes every connection that is still open. */
  close(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #connect(): Promise<Socket> {
    const { proxy, signal } = this.#options;
    const where = `The proxy ${this.address}`;
    return new Promise((resolve, reject) => {
      const socket = connectTcp({ ...proxy, autoSelectFamilyAttemptTimeout: addressAttemptMs });
      const settle = (act: () => void): void => {
        signal.removeEventListener("abort", abort);
        socket.removeListener("error", failed);
        act();
      };
      const abort = (): void =>
        settle(() => {
          socket.on("error", () => {});
          socket.destroy();
          reject(abortError(signal, where));
        });
      const failed = (error: Error): void => settle(() => reject(mapDialError(error, where)));
      signal.addEventListener("abort", abort, { once: true });
      socket.once("error", failed);
      socket.once("connect", () => settle(() => resolve(socket)));
    });
  }

  async #handshake(tcp: Socket, where: string, options: tls.ConnectionOptions): Promise<tls.TLSSocket> {
    const { signal } = this.#options;
    try {
      return await startTls(tcp, { minVersion: "TLSv1.2", ...options }, signal);
    } catch (error) {
      tcp.destroy();
      throw signal.aborted ? abortError(signal, where) : error;
    }
  }
}

/** The name that a certificate is checked against, sent as SNI unless it is an IP address (RFC 6066 section 3). */
function nameOptions(host: string): tls.ConnectionOptions {
  return isIP(host) === 0 ? { host, servername: host } : { host };
}

/** The authorities of Node and of the operating system; empty where this Node cannot read the latter (before 22.15). */
function systemAuthorities(): string[] {
  const read: ((type: "default" | "system") => string[]) | undefined = tls.getCACertificates;
  return read === undefined ? [] : [...read("default"), ...read("system")];
}
