import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type Server } from "node:net";
import {
  createServer as createTlsServer,
  type DetailedPeerCertificate,
  type TLSSocket,
  type TlsOptions,
} from "node:tls";
import { describe, expect, type TestContext, test } from "vitest";
import { type DialerOptions, ProxyDialer } from "./dialer.ts";
import {
  createAuthority,
  type LeafOptions,
  type TestAuthority,
  type TestCertificate,
} from "./testing/certificates.ts";
import { listen } from "./testing/loopback.ts";
import { startOpensslServer } from "./testing/openssl-server.ts";

const never = new AbortController().signal;
const clusterName = "626f742e74657374.teleport.cluster.local";

function dialer(port: number, options: Partial<DialerOptions> = {}): ProxyDialer {
  return new ProxyDialer({
    proxy: { host: "127.0.0.1", port },
    webTrust: { ca: undefined, insecure: false },
    environment: {},
    signal: never,
    ...options,
  });
}

function tlsServer(leaf: TestCertificate, options: TlsOptions = {}): Server {
  const server = createTlsServer({ cert: leaf.certificatePem, key: leaf.privateKeyPem, ...options });
  server.on("tlsClientError", () => {});
  return server;
}

function trusting(...authorities: TestAuthority[]): Partial<DialerOptions> {
  return { webTrust: { ca: authorities.map(({ certificatePem }) => certificatePem), insecure: false } };
}

describe("openWeb", () => {
  const names = ["DNS:localhost", "IP:127.0.0.1"];

  test("offers http/1.1 and gives a verified connection", async (context) => {
    const authority = createAuthority(context, "1");
    await using server = await listen(
      tlsServer(authority.issue({ names }), { ALPNProtocols: ["h2", "http/1.1"] }),
    );
    for (const host of ["127.0.0.1", "localhost"]) {
      const client = dialer(server.port, { proxy: { host, port: server.port }, ...trusting(authority) });
      const socket = await client.openWeb();
      expect([socket.alpnProtocol, socket.authorized]).toEqual(["http/1.1", true]);
      client.close();
      await once(socket, "close");
    }
  });

  test.for<[string, LeafOptions, string[], string]>([
    ["an unknown authority", { names }, ["2"], "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["no authority given", { names }, [], "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["an expired certificate", { names, days: -1 }, ["1"], "CERT_HAS_EXPIRED"],
    ["another name", { names: ["DNS:other.test"] }, ["1"], "ERR_TLS_CERT_ALTNAME_INVALID"],
  ])("refuses %s", async ([_what, leaf, trusted, why], context) => {
    const issuer = createAuthority(context, "1");
    await using server = await listen(tlsServer(issuer.issue(leaf)));
    const ca = trusted.map((serial) => (serial === "1" ? issuer : createAuthority(context, serial)));
    const client = dialer(server.port, ca.length === 0 ? {} : trusting(...ca));
    await expect(client.openWeb()).rejects.toMatchObject({
      code: "ERR_TRANSPORT_CERTIFICATE_UNTRUSTED",
      retryable: false,
      message: expect.stringMatching(new RegExp(`^The proxy 127.0.0.1:${server.port} showed .*\\(${why}\\)`)),
    });
    const open = dialer(server.port, { webTrust: { ca: undefined, insecure: true } });
    expect((await open.openWeb()).authorized, "insecure takes any certificate").toBe(false);
    open.close();
  });

  test("plain HTTP on the port", async () => {
    await using server = await listen(createHttpServer());
    await expect(dialer(server.port).openWeb()).rejects.toMatchObject({
      code: "ERR_TRANSPORT_NOT_TELEPORT",
      message: `The proxy 127.0.0.1:${server.port} does not speak TLS as a Teleport proxy does: wrong version number.`,
    });
  });

  test("nothing on the port", async () => {
    const server = await listen(createServer());
    await server[Symbol.asyncDispose]();
    await expect(dialer(server.port).openWeb()).rejects.toMatchObject({
      code: "ERR_TRANSPORT_UNREACHABLE",
      retryable: true,
      hint: expect.stringContaining("check the port"),
    });
  });

  test.each([
    ["at once", (server: Server) => server.on("connection", (socket) => socket.destroy())],
    [
      "after the ClientHello",
      (server: Server) => server.on("connection", (socket) => socket.once("data", () => socket.end())),
    ],
    [
      "by a reset",
      (server: Server) =>
        server.on("connection", (socket) => socket.once("data", () => socket.resetAndDestroy())),
    ],
  ])("closed %s", async (_when, closing) => {
    await using server = await listen(closing(createServer()));
    await expect(dialer(server.port).openWeb()).rejects.toMatchObject({
      code: "ERR_TRANSPORT_CONNECTION_LOST",
      retryable: true,
      requestSent: false,
    });
  });

  test("aborted in the middle of the handshake, closed, and before it", async () => {
    const controller = new AbortController();
    const silent = createServer((socket) => socket.once("data", () => controller.abort(new Error("enough"))));
    await using server = await listen(silent);
    const client = dialer(server.port, { signal: controller.signal });
    await expect(client.openWeb()).rejects.toThrow("enough");
    await Promise.all([...server.connections].map((socket) => once(socket, "close")));
    await expect(client.openWeb()).rejects.toThrow("enough");
    await expect(client.openTcp()).rejects.toThrow("enough");
    expect(server.connections.size).toBe(0);
  });

  test("aborted while connecting", async () => {
    const controller = new AbortController();
    await using server = await listen(createServer());
    const opening = dialer(server.port, { signal: controller.signal }).openTcp();
    controller.abort(new Error("enough"));
    await expect(opening).rejects.toThrow("enough");
  });

  test("a time limit is told as one", async () => {
    await using server = await listen(createServer());
    await expect(dialer(server.port, { signal: AbortSignal.timeout(30) }).openWeb()).rejects.toMatchObject({
      code: "ERR_TRANSPORT_TIMEOUT",
    });
  });

  test("an open connection outlives the signal, and its failures are no crash", async (context) => {
    const controller = new AbortController();
    const authority = createAuthority(context, "1");
    await using server = await listen(tlsServer(authority.issue({ names })));
    const socket = await dialer(server.port, { ...trusting(authority), signal: controller.signal }).openWeb();
    controller.abort();
    expect(socket.destroyed).toBe(false);
    for (const peer of server.connections) peer.resetAndDestroy();
    await once(socket, "close");
  });

  test("goes through an HTTP proxy", async (context) => {
    const authority = createAuthority(context, "1");
    await using server = await listen(tlsServer(authority.issue({ names: ["DNS:proxy.bot.test"] })));
    const tunnels = createHttpServer().on("connect", (_request, socket) => {
      const out = connect(server.port, "127.0.0.1");
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(out).pipe(socket);
    });
    await using proxy = await listen(tunnels);
    const client = dialer(0, {
      proxy: { host: "proxy.bot.test", port: 3080 },
      environment: { HTTPS_PROXY: `127.0.0.1:${proxy.port}` },
      ...trusting(authority),
    });
    const socket = await client.openWeb();
    expect(socket.authorized).toBe(true);
    client.close();
  });
});

describe("openCluster", () => {
  /** A server of the cluster that asks for a client certificate, and what it saw of each client. */
  function clusterServer(host: TestAuthority, names: string[], options: TlsOptions = {}) {
    const seen: { chain: number; alpn: string | false | null; serverName: unknown }[] = [];
    const server = tlsServer(host.issue({ names }), {
      requestCert: true,
      rejectUnauthorized: false,
      // Only this one is trusted, so that Node cannot complete a client's chain and shows what was sent.
      ca: host.certificatePem,
      ALPNProtocols: ["h2"],
      ...options,
    });
    server.on("secureConnection", (socket: TLSSocket) => {
      const serverName: unknown = Reflect.get(socket, "servername");
      seen.push({
        chain: chainLength(socket.getPeerCertificate(true)),
        alpn: socket.alpnProtocol,
        serverName,
      });
    });
    return { server, seen };
  }

  function chainLength(leaf: DetailedPeerCertificate): number {
    const { issuerCertificate } = leaf;
    const isLast = issuerCertificate === undefined || issuerCertificate.raw.equals(leaf.raw);
    return isLast ? 1 : 1 + chainLength(issuerCertificate);
  }

  function cast(context: TestContext) {
    const [host, user] = [createAuthority(context, "1"), createAuthority(context, "2")];
    return { host, user, client: user.issue() };
  }

  test.for([
    ["the host CA alone: one certificate", ["host"], 1],
    ["the CA of the client certificate too: the trap that a real server refuses", ["host", "user"], 2],
  ] as const)("sends ALPN, SNI and, with %s", async ([_what, trust, chain], context) => {
    const authorities = cast(context);
    const { server, seen } = clusterServer(authorities.host, ["DNS:*.teleport.cluster.local"]);
    await using loopback = await listen(server);
    const proxy = dialer(loopback.port);
    const socket = await proxy.openCluster(await proxy.openTcp(), {
      alpn: [`teleport-auth@${clusterName}`, "h2"],
      serverName: clusterName,
      acceptedNames: [clusterName],
      hostCa: trust.map((name) => authorities[name].certificatePem),
      client: authorities.client,
    });
    expect(socket.alpnProtocol).toBe("h2");
    await expect.poll(() => seen).toEqual([{ chain, alpn: "h2", serverName: clusterName }]);
    proxy.close();
  });

  test.for<[string, string[], string | undefined]>([
    ["none of the names", ["DNS:other.test"], "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["the second name", ["DNS:*.teleport.cluster.local"], undefined],
    ["the first name, an IP address", ["IP:127.0.0.1"], undefined],
  ])("a certificate with %s", async ([_what, names, refusal], context) => {
    const { host, client } = cast(context);
    const { server } = clusterServer(host, names);
    await using loopback = await listen(server);
    const proxy = dialer(loopback.port);
    const opening = proxy.openCluster(await proxy.openTcp(), {
      alpn: ["teleport-proxy-ssh-grpc", "h2"],
      serverName: "127.0.0.1",
      acceptedNames: ["127.0.0.1", clusterName],
      hostCa: [host.certificatePem],
      client,
    });
    if (refusal === undefined) await expect(opening).resolves.toMatchObject({ authorized: true });
    else await expect(opening).rejects.toMatchObject({ code: "ERR_TRANSPORT_CERTIFICATE_UNTRUSTED" });
    proxy.close();
  });

  test("a cluster name that is longer than a DNS label is matched by the wildcard", async (context) => {
    const { host, client } = cast(context);
    const { server, seen } = clusterServer(host, [
      "DNS:*.teleport.cluster.local",
      "DNS:teleport.cluster.local",
    ]);
    await using loopback = await listen(server);
    const proxy = dialer(loopback.port);
    const long = `${"61".repeat(109)}.teleport.cluster.local`;
    for (const accepted of [long, "teleport.cluster.local"]) {
      const socket = await proxy.openCluster(await proxy.openTcp(), {
        alpn: [`teleport-auth@${long}`, "h2"],
        serverName: long,
        acceptedNames: [accepted],
        hostCa: [host.certificatePem],
        client,
      });
      expect(socket.alpnProtocol).toBe("h2");
    }
    await expect.poll(() => seen.map(({ serverName }) => serverName)).toEqual([long, long]);
    proxy.close();
  });

  test.for<[string, (other: TestAuthority) => string[]]>([
    ["another CA of the cluster", (other: TestAuthority) => [other.certificatePem]],
    ["no CA at all, which is not the system's trust", () => []],
  ])("refuses a server when trust is %s", async ([_what, trust], context) => {
    const { host, user, client } = cast(context);
    const { server } = clusterServer(host, [`DNS:${clusterName}`]);
    await using loopback = await listen(server);
    const proxy = dialer(loopback.port);
    const opening = proxy.openCluster(await proxy.openTcp(), {
      alpn: ["h2"],
      serverName: clusterName,
      acceptedNames: [clusterName],
      hostCa: trust(user),
      client,
    });
    await expect(opening).rejects.toMatchObject({
      code: "ERR_TRANSPORT_CERTIFICATE_UNTRUSTED",
      hint: expect.stringContaining("join again"),
    });
    await Promise.all([...loopback.connections].map((socket) => once(socket, "close")));
  });

  test("a client certificate that the server refuses with an alert, as TLS 1.2 does", async (context) => {
    const { host, client } = cast(context);
    const leaf = host.issue({ names: [`DNS:${clusterName}`] });
    await using server = await startOpensslServer(context, leaf, [
      "-tls1_2",
      "-Verify",
      "1",
      "-verify_return_error",
    ]);
    const proxy = dialer(server.port);
    const opening = proxy.openCluster(await proxy.openTcp(), {
      alpn: ["h2"],
      serverName: clusterName,
      acceptedNames: [clusterName],
      hostCa: [host.certificatePem],
      client,
    });
    await expect(opening).rejects.toMatchObject({
      code: "ERR_TRANSPORT_CERTIFICATE_REFUSED",
      kind: "denied",
    });
  });

  test("a damaged identity", async (context) => {
    const { host, client } = cast(context);
    await using loopback = await listen(createServer());
    const proxy = dialer(loopback.port);
    const damaged = [
      { ...client, privateKeyPem: host.issue().privateKeyPem },
      { ...client, privateKeyPem: "not a key" },
      { ...client, certificatePem: client.certificatePem.slice(0, 200) },
    ];
    for (const one of damaged) {
      const tcp = await proxy.openTcp();
      const options = {
        alpn: ["h2"],
        serverName: clusterName,
        acceptedNames: [clusterName] as [string],
        hostCa: [host.certificatePem],
      };
      await expect(proxy.openCluster(tcp, { ...options, client: one })).rejects.toMatchObject({
        code: "ERR_TRANSPORT_CREDENTIALS",
        message: expect.not.stringContaining("PRIVATE"),
      });
      expect(tcp.destroyed).toBe(true);
    }
  });

  test("a connection that has gone meanwhile is lost, not waited for", async (context) => {
    const { host, client } = cast(context);
    await using loopback = await listen(createServer((socket) => socket.end()));
    const proxy = dialer(loopback.port);
    const tcp = await proxy.openTcp();
    if (!tcp.destroyed) await once(tcp, "close");
    const opening = proxy.openCluster(tcp, {
      alpn: ["h2"],
      serverName: clusterName,
      acceptedNames: [clusterName],
      hostCa: [host.certificatePem],
      client,
    });
    await expect(opening).rejects.toMatchObject({ code: "ERR_TRANSPORT_CONNECTION_LOST", retryable: true });
  });
});
