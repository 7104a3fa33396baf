import { type Certs, CertsSchema, type UserCertsRequest } from "@bot-join/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { renewIdentity } from "./renew-identity.ts";
import { recordedBot, recordedOutputKey } from "./testing/recorded.ts";
import { memorySession } from "./testing/session.ts";

const bot = recordedBot();
const expires = new Date("2026-11-22T05:31:50Z");

/** What a server answers: the recorded join's certificates, which are for this key. */
function certs(members: MessageInitShape<typeof CertsSchema> = {}): Certs {
  const { ssh, tls, tlsAuthorities, sshAuthorities } = bot.certificates;
  return create(CertsSchema, {
    ssh: Buffer.from(ssh),
    tls: Buffer.from(tls),
    tlsCaCerts: tlsAuthorities.map((pem) => Buffer.from(pem)),
    sshCaCerts: sshAuthorities.map((line) => Buffer.from(line)),
    ...members,
  });
}

function renew(
  generateUserCerts: (request: UserCertsRequest) => Certs,
  signal = new AbortController().signal,
) {
  return renewIdentity(memorySession({ generateUserCerts }).session, { bot, expires, signal });
}

function refuse(code: Code, text: string): Certs {
  throw new ConnectError(text, code);
}

describe("renewIdentity", () => {
  test("asks for the same key, user and nothing else, and gives the identity of the answer", async () => {
    const requests: UserCertsRequest[] = [];
    const renewed = await renew((request) => {
      requests.push(request);
      return certs();
    });
    expect(renewed).toEqual(bot);
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ username: "bot-robot", useRoleRequests: false, roleRequests: [] });
    const [request] = requests;
    expect(request?.expires && timestampDate(request.expires)).toEqual(expires);
    const line = `${bot.keyPair.publicKeyLine}\n`;
    expect(Buffer.from(request?.publicKey ?? []).toString()).toBe(line);
    expect(Buffer.from(request?.sshPublicKey ?? []).toString()).toBe(line);
    expect(Buffer.from(request?.tlsPublicKey ?? []).toString()).toBe(bot.keyPair.publicKeyPem);
  });

  test("an answer without the host CA leaves the known one in force", async () => {
    const [userCa = ""] = bot.certificates.tlsAuthorities;
    for (const tlsCaCerts of [[], [Buffer.from(userCa)]]) {
      const renewed = await renew(() => certs({ tlsCaCerts, sshCaCerts: [] }));
      expect(renewed.hostCa).toEqual(bot.hostCa);
      expect(renewed.certificates.sshAuthorities).toEqual(bot.certificates.sshAuthorities);
    }
  });

  test.each([
    ["renewable cert generation mismatch: stored=3, presented=2"],
    ["renewable cert generation mismatch for bot robot/4d1c: stored=3, presented=2"],
    ["cert generation mismatch for bot robot/4d1c: stored=3, presented=2"],
    ["cert generation mismatch for bot robot/4d1c: instance not found, presented=2"],
    ["a current identity generation must be provided"],
  ])("%s: says what a copied data directory means", async (text) => {
    await expect(renew(() => refuse(Code.PermissionDenied, text))).rejects.toMatchObject({
      code: "ERR_JOIN_GENERATION_MISMATCH",
      kind: "denied",
      retryable: false,
      message: `The cluster bot.test refused the bot robot while renewing its identity: ${text} (gRPC status 7).`,
      hint: expect.stringMatching(/copied[\s\S]*tctl rm lock[\s\S]*tctl bots instances add robot/),
    });
  });

  test.each(["access denied", 'lock targeting User:"bot-robot" is in force: stolen'])(
    "%s: says where locks are seen",
    async (text) => {
      await expect(renew(() => refuse(Code.PermissionDenied, text))).rejects.toMatchObject({
        code: "ERR_JOIN_CERTIFICATES_REFUSED",
        hint: expect.stringContaining("tctl get locks"),
      });
    },
  );

  test.each([
    ["nothing", { ssh: new Uint8Array(), tls: new Uint8Array() }],
    ["no SSH certificate", { ssh: new Uint8Array() }],
    ["a certificate for another key", { ssh: Buffer.from(recordedOutputKey().publicKeyLine) }],
  ])("an answer with %s", async (_, members) => {
    await expect(renew(() => certs(members))).rejects.toMatchObject({
      code: "ERR_JOIN_ANSWER_INVALID",
      message: expect.stringMatching(/^The Auth Service of bot\.test answered the renewal with something/),
    });
  });

  test("an aborted signal is thrown as it is", async () => {
    const controller = new AbortController();
    const reason = new Error("cancelled");
    controller.abort(reason);
    await expect(renew(() => certs(), controller.signal)).rejects.toBe(reason);
  });
});
