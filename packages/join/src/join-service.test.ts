import { createServer as createHttp2Server } from "node:http2";
import { createServer } from "node:tls";
import { Secret } from "@bot-join/core";
import { parseAuthorizedKey } from "@bot-join/formats";
import {
  type Certificates,
  CertificatesSchema,
  GivingUp_Reason,
  type JoinRequest,
  type JoinResponse,
  JoinResponseSchema,
  JoinService,
} from "@bot-join/proto";
import { ProxyDialer } from "@bot-join/transport";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, type TestContext, test } from "vitest";
import { createAuthority } from "../../transport/src/testing/certificates.ts";
import { type Loopback, listen } from "../../transport/src/testing/loopback.ts";
import { grpcServer } from "../../transport/src/testing/transport-server.ts";
import type { BotIdentity } from "./bot-identity.ts";
import { type JoinServiceOptions, registerOverJoinService } from "./join-service.ts";
import type { KeyType } from "./key-pair.ts";
import { findJoinMethod } from "./methods/index.ts";
import { recordedBot, recordedBotKey } from "./testing/recorded.ts";

const key = recordedBotKey();

type Conversation = (requests: AsyncIterator<JoinRequest>) => AsyncIterable<JoinResponse>;

/** What a proxy shows of itself: its answers on the join route, and `/webapi/find` on the other. */
interface TestProxy {
  join?: Conversation;
  find?: string;
  alpn?: string[];
  /** What a stranger answers to everything. */
  page?: string;
}

async function proxy(context: TestContext, { join, find, alpn, page }: TestProxy): Promise<Loopback> {
  const { certificatePem, privateKeyPem } = createAuthority(context, "web").issue({
    names: ["IP:127.0.0.1"],
  });
  const grpc =
    join === undefined
      ? createHttp2Server((_request, response) => {
          if (page !== undefined) {
            response.writeHead(404, { "content-type": "text/html" });
            response.end(page);
            return;
          }
          // As a gRPC server words it for a service that it does not have.
          response.writeHead(200, {
            "content-type": "application/grpc",
            "grpc-status": "12",
            "grpc-message": "unknown service teleport.join.v1.JoinService",
          });
          response.end();
        })
      : grpcServer((router) => {
          router.service(JoinService, { join: (requests) => join(requests[Symbol.asyncIterator]()) });
        });
  const server = createServer({
    cert: certificatePem,
    key: privateKeyPem,
    ALPNProtocols: alpn ?? ["h2", "http/1.1"],
  });
  server.on("secureConnection", (socket) => {
    socket.on("error", () => {});
    if (socket.alpnProtocol === "h2") grpc.emit("connection", socket);
    else if (find === undefined) socket.destroy();
    else
      socket.once("data", () =>
        socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${find.length}\r\n\r\n${find}`),
      );
  });
  return listen(server);
}

/** Joins; the connection stays open until `until` is settled. */
async function join(
  { port }: Loopback,
  options: Partial<JoinServiceOptions> = {},
  until: Promise<unknown> = Promise.resolve(),
): Promise<BotIdentity> {
  const signal = new AbortController().signal;
  const dialer = new ProxyDialer({
    proxy: { host: "127.0.0.1", port },
    webTrust: { ca: undefined, insecure: true },
    environment: {},
    signal,
  });
  try {
    return await registerOverJoinService(dialer, await dialer.openJoinService(), {
      method: findJoinMethod("env0"),
      token: new Secret("ci"),
      idToken: new Secret("e30.e30.e30"),
      createKeyPair: () => Promise.resolve(key),
      expires: new Date("2026-11-22T05:31:50.123Z"),
      caPins: [],
      signal,
      ...options,
    });
  } finally {
    await until;
    dialer.close();
  }
}

function answer(payload: NonNullable<MessageInitShape<typeof JoinResponseSchema>["payload"]>): JoinResponse {
  return create(JoinResponseSchema, { payload });
}

function init(suite = "balanced-v1", joinMethod = "env0"): JoinResponse {
  return answer({ case: "init", value: { joinMethod, signatureAlgorithmSuite: suite } });
}

/** What the recorded cluster issued, in the forms of this transport. */
function certificates(changes: Partial<Certificates> = {}): Certificates {
  const { tls, ssh, tlsAuthorities, sshAuthorities } = recordedBot().certificates;
  const der = (pem: string): Uint8Array<ArrayBuffer> =>
    new Uint8Array(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64"));
  const wire = (line: string): Uint8Array<ArrayBuffer> => new Uint8Array(parseAuthorizedKey(line).blob);
  return create(CertificatesSchema, {
    tlsCert: der(tls),
    tlsCaCerts: tlsAuthorities.map(der),
    sshCert: wire(ssh),
    sshCaKeys: sshAuthorities.map(wire),
    ...changes,
  });
}

function result(changes: Partial<Certificates> = {}): JoinResponse {
  const value = { certificates: certificates(changes) };
  return answer({ case: "result", value: { payload: { case: "botResult", value } } });
}

/** Answers a whole join, noting what the client sent and whether it half-closed. */
function recording(seen: JoinRequest[], suite?: string): Conversation {
  return async function* (requests) {
    seen.push((await requests.next()).value as JoinRequest);
    yield init(suite);
    seen.push((await requests.next()).value as JoinRequest);
    yield result();
  };
}

const at = (suite: string): KeyType =>
  ["balanced-v1", "fips-v1", "hsm-v1"].includes(suite) ? "ecdsa-p256" : "rsa-2048";

describe("registerOverJoinService", () => {
  test("sends who it is, then the proof, and reads the certificates", async (context) => {
    const seen: JoinRequest[] = [];
    await using server = await proxy(context, { join: recording(seen) });
    const bot = await join(server);
    expect(bot.identity).toMatchObject({ cluster: "bot.test", botName: "robot" });
    // As over HTTP, to the byte.
    expect(bot.certificates).toEqual(recordedBot().certificates);
    expect(bot.hostCa).toEqual(recordedBot().hostCa);

    const [first, second] = seen.map(({ payload }) => payload);
    expect(first).toMatchObject({
      case: "clientInit",
      value: { joinMethod: "env0", tokenName: "ci", systemRole: "Bot", forwardedByProxy: false },
    });
    expect(first?.value).not.toHaveProperty("proxySuppliedParameters");
    const params = second?.case === "oidcInit" ? second.value.clientParams?.payload : undefined;
    expect(second?.case === "oidcInit" && Buffer.from(second.value.idToken).toString()).toBe("e30.e30.e30");
    const publicKeys = params?.value?.publicKeys;
    expect(Buffer.from(publicKeys?.publicTlsKey ?? [])).toEqual(
      key.publicKey.export({ type: "spki", format: "der" }),
    );
    expect(Buffer.from(publicKeys?.publicSshKey ?? [])).toEqual(
      Buffer.from(parseAuthorizedKey(key.publicKeyLine).blob),
    );
    const expires = params?.value?.expires;
    expect(expires && timestampDate(expires).toISOString()).toBe("2026-11-22T05:31:50.123Z");
  });

  test("a secret token goes in TokenInit, without an ID token", async (context) => {
    const seen: JoinRequest[] = [];
    const talk: Conversation = async function* (requests) {
      seen.push((await requests.next()).value as JoinRequest);
      yield init("", "token");
      seen.push((await requests.next()).value as JoinRequest);
      yield result();
    };
    await using server = await proxy(context, { join: talk });
    await join(server, { method: findJoinMethod("token"), idToken: undefined });
    expect(seen.map(({ payload }) => payload.case)).toEqual(["clientInit", "tokenInit"]);
  });

  test.for(["legacy", "", "post-quantum-v9", "balanced-v1", "fips-v1", "hsm-v1"])(
    "makes the key of the suite %j, and not before it is known",
    async (suite, context) => {
      const seen: JoinRequest[] = [];
      const wanted: KeyType[] = [];
      await using server = await proxy(context, { join: recording(seen, suite) });
      await join(server, {
        createKeyPair: async (type) => {
          wanted.push(type);
          expect(seen).toHaveLength(1);
          return key;
        },
      });
      expect(wanted).toEqual([at(suite)]);
    },
  );

  test("half-closes after the result", async (context) => {
    let ended: (value: boolean) => void = () => {};
    const done = new Promise<boolean>((resolve) => {
      ended = resolve;
    });
    await using server = await proxy(context, {
      join: async function* (requests) {
        await requests.next();
        yield init();
        await requests.next();
        yield result();
        ended((await requests.next()).done === true);
      },
    });
    await join(server, {}, done);
    expect(await done).toBe(true);
  });
});

/** The server's own refusal, at the begin or when it has seen the proof. */
function refusing(code: Code, text: string, afterProof = true): Conversation {
  return async function* (requests) {
    await requests.next();
    if (afterProof) {
      yield init();
      await requests.next();
    }
    throw new ConnectError(text, code);
  };
}

describe("a refusal has the code that it has over HTTP", () => {
  test.for<[Code, string, object]>([
    [
      Code.PermissionDenied,
      "token expired or not found",
      { code: "ERR_JOIN_TOKEN_NOT_FOUND", kind: "denied" },
    ],
    [
      Code.InvalidArgument,
      "client requested join method env0, provision token only supports method github",
      { code: "ERR_JOIN_METHOD_WRONG" },
    ],
    [
      Code.InvalidArgument,
      "can not join the cluster, the token does not allow role Bot",
      { code: "ERR_JOIN_REFUSED", hint: expect.stringContaining("roles: [Bot]") },
    ],
    [
      Code.PermissionDenied,
      "id token claims did not match any allow rules",
      { code: "ERR_JOIN_CLAIMS_NOT_ALLOWED" },
    ],
    [Code.PermissionDenied, "access denied", { code: "ERR_JOIN_BOT_MISSING" }],
    [
      Code.Unknown,
      'verifying OIDC token\n\tvalidating with oidc\n\t\taudience is not valid: Audience must contain client_id "x"',
      { code: "ERR_JOIN_ID_TOKEN_REFUSED", message: expect.stringContaining("(gRPC status 2)") },
    ],
    [
      Code.Unknown,
      'Get "https://login.app.env0.com/.well-known/openid-configuration": no such host',
      { code: "ERR_JOIN_CLUSTER_FAILED", kind: "cluster" },
    ],
    [Code.InvalidArgument, "only RSA keys supported", { code: "ERR_JOIN_KEY_TYPE_REFUSED" }],
    [Code.ResourceExhausted, "rate limit exceeded", { code: "ERR_JOIN_RATE_LIMITED", retryable: true }],
    [
      Code.ResourceExhausted,
      "join attempt timed out after 1m0s, terminating the stream on the proxy",
      { code: "ERR_JOIN_CLUSTER_FAILED", retryable: false },
    ],
    [Code.Unavailable, "auth is away", { code: "ERR_JOIN_CLUSTER_FAILED", retryable: true }],
    [Code.NotFound, "role bot-robot is not found", { code: "ERR_JOIN_BOT_MISSING" }],
    [Code.PermissionDenied, "for reasons", { code: "ERR_JOIN_REFUSED", retryable: false }],
  ])("%s %s", async ([code, text, expected], context) => {
    for (const afterProof of [false, true]) {
      await using server = await proxy(context, { join: refusing(code, text, afterProof) });
      await expect(join(server)).rejects.toMatchObject({ name: "JoinError", ...expected });
    }
  });

  test("no secret is shown, even when the server quotes it", async (context) => {
    await using server = await proxy(context, {
      join: refusing(Code.Unknown, "what is hunter2hunter2 and e30.e30.e30?"),
    });
    const error = await join(server, { token: new Secret("hunter2hunter2") }).catch(
      (found: unknown) => found,
    );
    expect(error).toMatchObject({ details: { serverMessage: "what is hunter2hunter2 and [redacted]?" } });
    const secret = { method: findJoinMethod("token"), token: new Secret("hunter2hunter2") };
    await using quoting = await proxy(context, {
      join: refusing(Code.Unknown, "what is hunter2hunter2?", false),
    });
    await expect(join(quoting, secret)).rejects.toMatchObject({
      details: { serverMessage: "what is [redacted]?" },
    });
  });
});

describe("a cluster without the service", () => {
  test("says what env0 needs, and which version it is", async (context) => {
    await using server = await proxy(context, { find: '{"server_version":"17.7.4"}' });
    await expect(join(server)).rejects.toMatchObject({
      code: "ERR_JOIN_SERVER_TOO_OLD",
      kind: "cluster",
      message: expect.stringMatching(/\(Teleport 17\.7\.4\).* by env0 .*unknown service/),
      hint: expect.stringContaining("env0 needs Teleport 18.4 or newer"),
      details: { serverVersion: "17.7.4" },
    });
  });

  test.for([
    ["no answer", undefined],
    ["no JSON", "<html>"],
    ["no version", "{}"],
  ] as const)("which does not tell its version: %s", async ([, find], context) => {
    await using server = await proxy(context, find === undefined ? {} : { find });
    await expect(join(server)).rejects.toMatchObject({
      code: "ERR_JOIN_SERVER_TOO_OLD",
      message: expect.not.stringContaining("Teleport"),
      hint: expect.stringContaining("18.4"),
    });
  });

  test("or with the service, but without the method", async (context) => {
    await using server = await proxy(context, {
      join: refusing(Code.Unimplemented, "join method env0 is not implemented", true),
      find: '{"server_version":"18.3.0"}',
    });
    await expect(join(server)).rejects.toMatchObject({
      code: "ERR_JOIN_SERVER_TOO_OLD",
      message: expect.stringContaining("(Teleport 18.3.0)"),
    });
  });

  test("is not asked for its version for a method that HTTP was tried for", async (context) => {
    await using server = await proxy(context, { find: '{"server_version":"17.7.4"}' });
    await expect(join(server, { method: findJoinMethod("github") })).rejects.toMatchObject({
      code: "ERR_JOIN_SERVER_TOO_OLD",
      message: expect.not.stringContaining("17.7.4"),
    });
  });

  test("but a web server that speaks HTTP/2", async (context) => {
    await using server = await proxy(context, { page: "<h1>Not found</h1>" });
    await expect(join(server)).rejects.toMatchObject({ code: "ERR_TRANSPORT_NOT_TELEPORT" });
  });

  test("behind a load balancer that ends TLS", async (context) => {
    await using server = await proxy(context, { alpn: ["http/1.1"] });
    // Offered are names that it does not know: it either answers none or breaks off.
    await expect(join(server)).rejects.toMatchObject({ code: "ERR_TRANSPORT_NOT_TELEPORT" });
  });
});

describe("answers that are of no use", () => {
  const giving = async (
    context: TestContext,
    first: JoinResponse | undefined,
    second?: JoinResponse,
  ): Promise<{ error: unknown; given: JoinRequest | undefined }> => {
    let tell: (value: JoinRequest | undefined) => void = () => {};
    const given = new Promise<JoinRequest | undefined>((resolve) => {
      tell = resolve;
    });
    await using server = await proxy(context, {
      join: async function* (requests) {
        await requests.next();
        if (first !== undefined) yield first;
        if (second !== undefined) {
          await requests.next();
          yield second;
        }
        const last = await requests.next().catch(() => undefined);
        tell(last?.done === false ? last.value : undefined);
      },
    });
    const error = await join(server, {}, given).catch((found: unknown) => found);
    return { error, given: await given };
  };

  test("another method than ours: the client gives up, and says why", async (context) => {
    const { error, given } = await giving(context, init("", "bound_keypair"));
    expect(error).toMatchObject({
      code: "ERR_JOIN_METHOD_WRONG",
      message: expect.stringContaining('"bound_keypair", and this job joins by env0'),
    });
    expect(given?.payload).toMatchObject({
      case: "givingUp",
      value: { reason: GivingUp_Reason.UNSUPPORTED_JOIN_METHOD },
    });
  });

  test.for<[string, JoinResponse, JoinResponse | undefined]>([
    ["a result at once", result(), undefined],
    ["something unknown at once", create(JoinResponseSchema), undefined],
    ["a challenge instead of a result", init(), create(JoinResponseSchema)],
    ["a second ServerInit", init(), init()],
  ])("%s: the client gives up", async ([, first, second], context) => {
    const { error, given } = await giving(context, first, second);
    expect(error).toMatchObject({ code: "ERR_JOIN_ANSWER_INVALID", kind: "cluster" });
    expect(given?.payload).toMatchObject({
      case: "givingUp",
      value: { reason: GivingUp_Reason.UNSUPPORTED_MESSAGE_TYPE },
    });
  });

  test.for<[string, Partial<Certificates>, string]>([
    ["no TLS certificate", { tlsCert: new Uint8Array() }, "the TLS certificate is missing"],
    ["no SSH certificate", { sshCert: new Uint8Array() }, "the SSH certificate is missing"],
    ["no authorities", { tlsCaCerts: [] }, "the certificate authorities are missing"],
    ["a garbage TLS certificate", { tlsCert: new Uint8Array([1, 2, 3]) }, "of no use"],
    [
      "a garbage SSH certificate",
      { sshCert: new Uint8Array([0, 0, 0, 9, 1]) },
      "its SSH keys cannot be read",
    ],
  ])("%s", async ([, changes, text], context) => {
    await using server = await proxy(context, {
      join: async function* (requests) {
        await requests.next();
        yield init();
        await requests.next();
        yield result(changes);
      },
    });
    await expect(join(server)).rejects.toMatchObject({
      code: "ERR_JOIN_ANSWER_INVALID",
      message: expect.stringContaining(text),
    });
  });

  test("an end without any message", async (context) => {
    await using server = await proxy(context, {
      // biome-ignore lint/correctness/useYield: that it yields nothing is the point
      join: async function* (requests) {
        await requests.next();
      },
    });
    await expect(join(server)).rejects.toMatchObject({ code: "ERR_JOIN_ANSWER_INVALID" });
  });
});

describe("a connection that is lost", () => {
  test.for([
    ["before the proof: a secret token may be sent again", false],
    ["after it: it may be used up", true],
  ] as const)("%s", async ([, afterProof], context) => {
    let drop = (): void => {};
    await using server = await proxy(context, {
      join: async function* (requests) {
        await requests.next();
        if (afterProof) {
          yield init();
          await requests.next();
        }
        drop();
        await requests.next();
      },
    });
    drop = server.drop;
    await expect(join(server)).rejects.toMatchObject({
      code: "ERR_TRANSPORT_CONNECTION_LOST",
      retryable: true,
      requestSent: afterProof,
    });
  });

  test("an aborted signal gives its reason", async (context) => {
    const controller = new AbortController();
    await using server = await proxy(context, {
      join: async function* (requests) {
        await requests.next();
        yield init();
        controller.abort(new Error("enough"));
        await requests.next();
      },
    });
    await expect(join(server, { signal: controller.signal })).rejects.toThrow("enough");
  });
});
