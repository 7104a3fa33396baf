import type { Emulator } from "@bot-join/emulator";
import { CertsSchema, UserCertsRequestSchema } from "@bot-join/proto";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEmulator } from "../support/emulator.ts";
import {
  type RawGrpc,
  type RawGrpcAnswer,
  type RawIdentity,
  rawAuth,
  rawHttp,
  rawJoin,
  rawJoinRequest,
  rawKey,
} from "../support/raw-client.ts";
import { joinRaw, signIdToken, targetOf } from "./joined.ts";

let emulator: Emulator;
let identity: RawIdentity;
let auth: RawGrpc;

beforeAll(async () => {
  emulator = await startTestEmulator({ version: "18" });
  identity = await joinRaw(emulator);
  auth = await rawAuth(targetOf(emulator), "bot.test", identity);
});
afterAll(async () => {
  auth[Symbol.dispose]();
  await emulator[Symbol.asyncDispose]();
});

async function refusal(
  members: Record<string, unknown>,
  claims: Record<string, unknown> = {},
): Promise<[number, string]> {
  const idToken = await signIdToken(emulator, claims);
  const answer = await rawJoin(
    targetOf(emulator),
    rawJoinRequest(rawKey(), { id_token: idToken, ...members }),
  );
  const { error } = JSON.parse(answer.body) as { error: { message: string } };
  return [answer.status, error.message];
}

describe("joins of version 18 that differ from 14", () => {
  it("miss an ID token in other words (join.md section 7.4)", async () => {
    expect(await refusal({ id_token: "" })).toEqual([403, "IDToken is required"]);
  });

  it("refuse a role in other words (join.md section 7.4)", async () => {
    const expected = [400, "can not join the cluster, the token does not allow role Node"];
    expect(await refusal({ role: "Node", hostID: "x" })).toEqual(expected);
  });

  it('check the token before the ID token (profiles.md "order of checks at a join")', async () => {
    const [status, message] = await refusal({ token: "nope", id_token: "x" });
    expect(status).toBe(403);
    expect(message).toContain("token expired or not found");
  });

  it("judge ID tokens by the newer library (id-tokens.md section 1.3)", async () => {
    expect(await refusal({}, { aud: "x" })).toEqual([
      500,
      'validating with oidc\n\tverifying token\n\t\taudience is not valid: Audience must contain client_id "teleport.cluster.local"',
    ]);
    expect((await refusal({}, { sub: undefined }))[1]).toContain("subject missing");
  });
});

describe("discovery of version 18", () => {
  it("tells the signature algorithm suite as a number and lacks what 14 had (join.md section 1.2)", async () => {
    const find = JSON.parse((await rawHttp(targetOf(emulator), "GET", "/webapi/find")).body);
    expect(find.auth.signature_algorithm_suite).toBe(2);
    expect(find.proxy).not.toHaveProperty("assist_enabled");
    expect(find).toMatchObject({
      server_version: expect.stringMatching(/^18\./),
      min_client_version: "17.0.0",
      fips: false,
    });
  });

  it("says legacy where the cluster has RSA keys only", async () => {
    await using rsa = await startTestEmulator({ version: "18", rsaOnly: true });
    const find = JSON.parse((await rawHttp(targetOf(rsa), "GET", "/webapi/find")).body);
    expect(find.auth.signature_algorithm_suite).toBe(1);
  });
});

function askCertificates(members: MessageInitShape<typeof UserCertsRequestSchema>): Promise<RawGrpcAnswer> {
  const request = create(UserCertsRequestSchema, {
    username: "bot-robot",
    expires: timestampFromDate(new Date(Date.now() + 3_600_000)),
    roleRequests: ["ssh-access"],
    useRoleRequests: true,
    ...members,
  });
  return auth.unary("/proto.AuthService/GenerateUserCerts", toBinary(UserCertsRequestSchema, request));
}

describe('GenerateUserCerts of version 18 (profiles.md "GenerateUserCerts keys")', () => {
  const ssh = (): Uint8Array => Buffer.from(identity.key.publicKeyLine);
  const pem = (): Uint8Array => Buffer.from(identity.key.publicKeyPem);

  it.each([
    ["22 and 23", () => ({ sshPublicKey: ssh(), tlsPublicKey: pem() }), true],
    ["1, 22 and 23", () => ({ publicKey: ssh(), sshPublicKey: ssh(), tlsPublicKey: pem() }), true],
    ["1 alone, which it ignores", () => ({ publicKey: ssh() }), false],
  ])("with %s", async (_what, members, issues) => {
    const answer = await askCertificates(members());
    const certs =
      answer.status === 0 ? fromBinary(CertsSchema, answer.messages[0] ?? new Uint8Array()) : undefined;
    expect([(certs?.ssh.length ?? 0) > 0, (certs?.tls.length ?? 0) > 0]).toEqual([issues, issues]);
  });
});

it('knows the db_client authority (profiles.md "db_client CA")', async () => {
  const path = "/teleport.trust.v1.TrustService/GetCertAuthorities";
  expect((await auth.unary(path, Buffer.from("0a0964625f636c69656e74", "hex"))).status).toBe(0);
});
