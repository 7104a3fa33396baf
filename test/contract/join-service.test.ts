import { X509Certificate } from "node:crypto";
import {
  type Emulator,
  type PlatformJoinMethod,
  platformClaims,
  platforms,
  type ServerMajor,
} from "@bot-join/emulator";
import { parseOpenSshCertificate } from "@bot-join/formats";
import { parseResources } from "@bot-join/resources";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { joinServiceTokens, platformTokens, startTestEmulator } from "../support/emulator.ts";
import { RawGrpc, rawAuth, rawKey, rawTls, readAnswer } from "../support/raw-client.ts";
import {
  botParams,
  field,
  message,
  RawJoin,
  rawJoinStream,
  readJoinResult,
  requests,
  type StreamEnd,
} from "./join-service-client.ts";
import { joinRaw, signIdToken, targetOf } from "./joined.ts";

const tokens = { ...platformTokens, ...joinServiceTokens };
const methods = Object.keys(tokens) as PlatformJoinMethod[];

const moreTokens = `
kind: token
version: v2
metadata: {name: one-time-secret-of-robot}
spec: {roles: [Bot], bot_name: robot, join_method: token}
---
kind: token
version: v2
metadata: {name: kept-secret-of-robot}
spec: {roles: [Bot], bot_name: robot, join_method: token}
---
kind: token
version: v2
metadata: {name: nodes}
spec: {roles: [Node], join_method: token}
---
kind: token
version: v2
metadata: {name: cloud}
spec: {roles: [Bot], bot_name: robot, join_method: iam, allow: [{aws_account: "1"}]}
---
kind: token
version: v2
metadata: {name: no-such-bot}
spec: {roles: [Bot], bot_name: nobody, join_method: github, github: {allow: [{repository: acme/shop}]}}
`;

const bot = [3, "Bot"] as const;

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startTestEmulator({ version: "18" });
  emulator.addResources(parseResources([...Object.values(tokens), moreTokens].join("---\n"), "tokens"));
});
afterAll(() => emulator[Symbol.asyncDispose]());

/** Sends every message at once and gives the status. */
async function endOf(attempt: RawJoin, ...messages: Buffer[]): Promise<StreamEnd> {
  for (const payload of messages) attempt.send(payload);
  attempt.halfClose();
  const first = await attempt.receive();
  return "status" in first ? first : attempt.end();
}

async function refusal(...messages: Buffer[]): Promise<[number, string]> {
  using attempt = await rawJoinStream(targetOf(emulator));
  const { status, message: text } = await endOf(attempt, ...messages);
  return [status, text];
}

async function platformToken(
  method: PlatformJoinMethod,
  claims: Record<string, unknown> = {},
): Promise<string> {
  return emulator.issuer(platforms[method].issuer).sign(platformClaims(method, claims));
}

describe("joining over teleport.join.v1 (join.md section 5.3)", () => {
  it.each(methods)("by %s, with an ID token in OIDCInit", async (method) => {
    const key = rawKey();
    const expires = new Date(Date.now() + 1_200_000);
    using attempt = await rawJoinStream(targetOf(emulator));
    attempt.send(requests.clientInit(method, method, bot));
    const init = await attempt.expect(1);
    expect([field(init, 1).toString(), field(init, 2).toString()]).toEqual([method, "balanced-v1"]);
    attempt.send(requests.oidcInit(botParams(key, expires), await platformToken(method)));
    const identity = readJoinResult(key, await attempt.expect(3));
    attempt.halfClose();
    expect(await attempt.end()).toEqual({ status: 0, message: "" });

    const certificate = new X509Certificate(identity.tls);
    expect(certificate.subject).toContain("CN=bot-robot");
    expect(certificate.checkIssued(new X509Certificate(identity.tlsCaCerts[0] ?? ""))).toBe(true);
    expect(Math.abs(certificate.validToDate.getTime() - expires.getTime())).toBeLessThan(1000);
    expect(parseOpenSshCertificate(identity.ssh).validBefore).toBe(
      BigInt(Math.floor(expires.getTime() / 1000)),
    );
    expect(identity.sshCaCerts).toEqual([
      `${emulator.userCaPublicKeys[0]}\n`,
      `${emulator.hostCaPublicKeys[0]}\n`,
    ]);
    // The identity is good for what it is for.
    using auth = await rawAuth(targetOf(emulator), "bot.test", identity);
    expect((await auth.unary("/proto.AuthService/Ping", Buffer.alloc(0))).status).toBe(0);
  });

  it("by a secret token, once, in TokenInit; the join method may be left to the token", async () => {
    const secret = "one-time-secret-of-robot";
    const key = rawKey();
    using attempt = await rawJoinStream(targetOf(emulator));
    attempt.send(requests.clientInit(secret, undefined, bot));
    expect(field(await attempt.expect(1), 1).toString()).toBe("token");
    attempt.send(requests.tokenInit(botParams(key)));
    const { tls } = readJoinResult(key, await attempt.expect(3));
    expect(new X509Certificate(tls).subject).toContain("1.3.9999.1.13=true");
    expect(await refusal(requests.clientInit(secret, "token", bot))).toEqual([
      7,
      "token expired or not found",
    ]);
  });

  it("takes all messages at once, as HTTP/2 may deliver them", async () => {
    using attempt = await rawJoinStream(targetOf(emulator));
    attempt.send(requests.clientInit("env0", "env0", bot));
    attempt.send(requests.oidcInit(botParams(rawKey()), await platformToken("env0")));
    attempt.halfClose();
    await attempt.expect(1);
    await attempt.expect(3);
    expect((await attempt.end()).status).toBe(0);
  });

  it("says legacy where the cluster has RSA keys only", async () => {
    await using rsa = await startTestEmulator({ version: "18", rsaOnly: true });
    using attempt = await rawJoinStream(targetOf(rsa));
    attempt.send(requests.clientInit("ghcom", "github", bot));
    expect(field(await attempt.expect(1), 2).toString()).toBe("legacy");
    attempt.send(requests.oidcInit(botParams(rawKey()), await signIdToken(rsa)));
    expect(await attempt.end()).toMatchObject({
      status: 3,
      message: expect.stringContaining("only RSA keys"),
    });
  });
});

describe("refusals, in the order of join.md section 7.3", () => {
  const init = requests.clientInit("ghcom", "github", bot);

  it.each<[string, Buffer[], number, string]>([
    ["no message", [], 3, "the client ended the stream before ClientInit"],
    [
      "another first message",
      [requests.tokenInit(botParams(rawKey()))],
      3,
      "expected ClientInit, got TokenInit",
    ],
    [
      "a message of a later version",
      [message([99, "x"])],
      3,
      "expected ClientInit, got a message that is not known here",
    ],
    ["no token name", [requests.clientInit("", "github", bot)], 3, "missing parameter TokenName"],
    ["no role", [requests.clientInit("ghcom", "github")], 3, "missing parameter SystemRole"],
    [
      "another system role",
      [requests.clientInit("ghcom", "github", [3, "Node"])],
      12,
      "joining as Node is not implemented",
    ],
    ["an unknown token", [requests.clientInit("nope", "github", bot)], 7, "token expired or not found"],
    [
      "another method than the token's",
      [requests.clientInit("ghcom", "gitlab", bot)],
      3,
      "client requested join method gitlab, provision token only supports method github",
    ],
    [
      "a token of another role",
      [requests.clientInit("nodes", "token", bot)],
      3,
      "can not join the cluster, the token does not allow role Bot",
    ],
    [
      "a process without local services",
      [requests.clientInit("ghcom", "github", [3, "Instance"])],
      7,
      "cannot requisition instance certs (token contains no local service roles)",
    ],
    [
      "a method that is not there yet",
      [requests.clientInit("cloud", "iam", bot)],
      12,
      "join method iam is not implemented",
    ],
    [
      "another message than the method's",
      [init, requests.tokenInit(botParams(rawKey()))],
      3,
      "expected OIDCInit, got TokenInit",
    ],
    [
      "OIDCInit for a secret token",
      [
        requests.clientInit("kept-secret-of-robot", "token", bot),
        requests.oidcInit(botParams(rawKey()), "x"),
      ],
      3,
      "expected TokenInit, got OIDCInit",
    ],
    ["no ID token", [init, requests.oidcInit(botParams(rawKey()), "")], 7, "IDToken is required"],
    [
      "a secret token without parameters",
      [requests.clientInit("kept-secret-of-robot", "token", bot), requests.tokenInit(message())],
      3,
      "BotParams is required to join as a Bot",
    ],
    [
      "giving up",
      [init, requests.givingUp(1, "this client\ncannot\u001b[31m github")],
      3,
      "client gave up on the join attempt: unsupported join method: this client cannot [31m github",
    ],
    [
      "no keys",
      [
        requests.clientInit("kept-secret-of-robot", "token", bot),
        requests.tokenInit(message([2, message()])),
      ],
      3,
      "parsing the public SSH key",
    ],
  ])("%s", async (_name, messages, status, text) => {
    expect(await refusal(...messages)).toEqual([status, text]);
  });

  it("the ID token comes before the parameters", async () => {
    const idToken = await signIdToken(emulator, { repository: "acme/other" });
    expect(await refusal(init, requests.oidcInit(message(), idToken))).toEqual([
      7,
      "id token claims did not match any allow rules",
    ]);
    expect(await refusal(init, requests.oidcInit(message(), await signIdToken(emulator)))).toEqual([
      3,
      "BotParams is required to join as a Bot",
    ]);
  });

  it("a bot that is gone, in the same words as over HTTP", async () => {
    const messages = [
      requests.clientInit("no-such-bot", "github", bot),
      requests.oidcInit(botParams(rawKey()), await signIdToken(emulator)),
    ];
    expect(await refusal(...messages)).toEqual([7, "access denied"]);
  });

  it.each(methods)(
    "%s: another audience, another issuer, a foreign key, no matching rule",
    async (method) => {
      const attempt = async (idToken: string): Promise<[number, string]> =>
        refusal(requests.clientInit(method, method, bot), requests.oidcInit(botParams(rawKey()), idToken));
      const [audienceStatus, audience] = await attempt(
        await platformToken(method, { aud: "elsewhere", azp: undefined }),
      );
      expect([audienceStatus, audience]).toEqual([2, expect.stringContaining("audience is not valid")]);
      const issuer = await attempt(await platformToken(method, { iss: "https://issuer.invalid" }));
      expect(issuer).toEqual([2, expect.stringContaining("issuer does not match")]);
      const foreign = await emulator
        .issuer(platforms[method].issuer)
        .sign(platformClaims(method), { signature: "foreign-key" });
      expect(await attempt(foreign)).toEqual([2, expect.stringContaining("invalid signature (")]);
    },
  );

  it("env0 with claims that no rule fits", async () => {
    const idToken = await platformToken("env0", { projectName: "other" });
    const messages = [
      requests.clientInit("env0", "env0", bot),
      requests.oidcInit(botParams(rawKey()), idToken),
    ];
    expect(await refusal(...messages)).toEqual([7, "id token claims did not match any allow rules"]);
  });
});

describe("what only a proxy may say (join.md section 5.4)", () => {
  const supplied = [5, message([1, "203.0.113.9"], [2, "18.0.0"])] as const;

  it("the proxy overwrites it", async () => {
    using attempt = await rawJoinStream(targetOf(emulator));
    attempt.send(requests.clientInit("ghcom", "github", bot, [4, 1], supplied));
    await attempt.expect(1);
    attempt.send(requests.oidcInit(botParams(rawKey()), await signIdToken(emulator)));
    const { tls } = readJoinResult(rawKey(), await attempt.expect(3));
    expect(new X509Certificate(tls).subject).not.toContain("203.0.113.9");
  });

  it.each([
    ["parameters", [supplied], 7, "client set ProxySuppliedParameters but did not authenticate as a proxy"],
    ["the flag alone", [[4, 1] as const], 3, "client set ForwardedByProxy without ProxySuppliedParameters"],
  ])("the Auth Service refuses %s", async (_what, more, status, text) => {
    using auth = await rawAuth(targetOf(emulator), "bot.test", undefined);
    const attempt = new RawJoin(auth);
    const end = await endOf(attempt, requests.clientInit("ghcom", "github", bot, ...more));
    expect(end).toEqual({ status, message: text });
  });

  it("the Auth Service itself lets a bot in, without a client certificate", async () => {
    using auth = await rawAuth(targetOf(emulator), "bot.test", undefined);
    const attempt = new RawJoin(auth);
    attempt.send(requests.clientInit("ghcom", "github", bot));
    await attempt.expect(1);
    attempt.send(requests.oidcInit(botParams(rawKey()), await signIdToken(emulator)));
    await attempt.expect(3);
  });

  it("an identity from an earlier join is not gone on with", async () => {
    using auth = await rawAuth(targetOf(emulator), "bot.test", await joinRaw(emulator));
    const end = await endOf(new RawJoin(auth), requests.clientInit("ghcom", "github", bot));
    expect(end.status).toBe(12);
  });
});

describe("servers without the service (join.md section 5.5)", () => {
  it.each<ServerMajor>(["14", "15", "16", "17"])("version %s does not know it", async (version) => {
    await using old = await startTestEmulator({ version });
    using attempt = await rawJoinStream(targetOf(old));
    attempt.send(requests.clientInit("ghcom", "github", bot));
    expect(await attempt.end()).toEqual({
      status: 12,
      message: "unknown service teleport.join.v1.JoinService",
    });
  });

  it("version 18 knows no other method of it, and answers h2 whatever is offered beside", async () => {
    const socket = await rawTls(targetOf(emulator), { ALPNProtocols: ["teleport-proxy-grpc", "h2"] });
    using grpc = new RawGrpc(socket);
    const stream = grpc.open("/teleport.join.v1.JoinService/Leave");
    stream.end();
    expect(await readAnswer(stream)).toMatchObject({
      status: 12,
      message: "unknown method Leave for service teleport.join.v1.JoinService",
    });
  });
});

it("leaves a bot instance with the client's address and the join attributes", async () => {
  const before = emulator.botInstances("robot").length;
  using attempt = await rawJoinStream(targetOf(emulator));
  attempt.send(requests.clientInit("env0", "env0", bot));
  await attempt.expect(1);
  attempt.send(requests.oidcInit(botParams(rawKey()), await platformToken("env0")));
  const { tls } = readJoinResult(rawKey(), await attempt.expect(3));
  expect(emulator.botInstances("robot")).toHaveLength(before + 1);
  expect(new X509Certificate(tls).subject).toContain("127.0.0.1");
  expect(emulator.botInstances("robot").at(-1)?.initialAuthentication).toMatchObject({
    joinMethod: "env0",
    joinToken: "env0",
    generation: 1,
    joinAttrs: { env0: { project_name: "payments" } },
  });
});
