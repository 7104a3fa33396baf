import type { Emulator } from "@bot-join/emulator";
import {
  CertsSchema,
  GetClusterCACertResponseSchema,
  PingResponseSchema,
  type UserCertsRequest,
  UserCertsRequestSchema,
} from "@bot-join/proto";
import { parseResources } from "@bot-join/resources";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEmulator } from "../support/emulator.ts";
import {
  type RawGrpc,
  type RawGrpcAnswer,
  type RawIdentity,
  rawAuth,
  rawKey,
} from "../support/raw-client.ts";
import { joinRaw, targetOf } from "./joined.ts";
import { recorded, recordedRpcs } from "./recorded.ts";

const certificatesPath = "/proto.AuthService/GenerateUserCerts";
let emulator: Emulator;
let identity: RawIdentity;
let auth: RawGrpc;

beforeAll(async () => {
  emulator = await startTestEmulator({ version: "14" });
  emulator.addResources(parseResources("{kind: kube_cluster, version: v3, metadata: {name: kc}}", "test"));
  identity = await joinRaw(emulator);
  auth = await rawAuth(targetOf(emulator), "bot.test", identity);
});
afterAll(async () => {
  auth[Symbol.dispose]();
  await emulator[Symbol.asyncDispose]();
});

/** Moves the expiry of a recorded certificate request to today, as far from now as it was then. */
function refreshed(name: string, requestHex: string): Uint8Array {
  const request = fromBinary(UserCertsRequestSchema, Buffer.from(requestHex, "hex"));
  const hours: Readonly<Record<string, number>> = { "certs expired": -1, "certs 30 days": 720 };
  if (request.expires !== undefined) {
    request.expires = timestampFromDate(new Date(Date.now() + (hours[name] ?? 1) * 3_600_000));
  }
  return toBinary(UserCertsRequestSchema, request);
}

/** What of headers and trailers is comparable with a recording. */
function wireStatus(answer: RawGrpcAnswer): Record<string, unknown> {
  const trailersOnly = Object.keys(answer.trailers).length === 0;
  const headers = trailersOnly ? answer.headers : answer.trailers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => typeof name === "string"));
}

describe("gRPC as 14.2.0 answers a fresh bot (measured-14.2.0.md section 5)", () => {
  it.each(Object.keys(recordedRpcs))("%s", async (name) => {
    const { path, request_hex, grpc_status, grpc_message, trailers } = recorded(recordedRpcs, name);
    const request =
      path === certificatesPath ? refreshed(name, request_hex) : Buffer.from(request_hex, "hex");
    const answer = await auth.unary(path, request);
    expect({ status: String(answer.status), message: answer.message }).toEqual({
      status: grpc_status,
      message: grpc_message,
    });
    expect(wireStatus(answer)).toEqual(trailers);
    expect(answer.headers).toMatchObject({ ":status": 200, "content-type": "application/grpc" });
    expect(answer.messages).toHaveLength(grpc_status === "0" ? 1 : 0);
  });

  it("tells the client's address in Ping", async () => {
    const [message] = (await auth.unary("/proto.AuthService/Ping", new Uint8Array())).messages;
    expect(fromBinary(PingResponseSchema, message ?? new Uint8Array())).toMatchObject({
      clusterName: "bot.test",
      serverVersion: "14.2.0",
      proxyPublicAddr: emulator.proxyAddress,
      remoteAddr: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    });
  });

  it("percent-encodes what Go's gRPC encodes", async () => {
    const request = create(UserCertsRequestSchema, {
      publicKey: Buffer.from(identity.key.publicKeyLine),
      username: "bot-robot",
      expires: timestampFromDate(new Date(Date.now() + 3_600_000)),
      roleRequests: ["a\n\tb"],
      useRoleRequests: true,
    });
    const answer = await auth.unary(certificatesPath, toBinary(UserCertsRequestSchema, request));
    expect(answer.rawMessage).toBe("role a%0A%09b is not found");
  });
});

/** Asks for certificates and decodes them. */
async function certificates(grpc: RawGrpc, members: Partial<UserCertsRequest>): Promise<RawGrpcAnswer> {
  const request = create(UserCertsRequestSchema, {
    username: "bot-robot",
    expires: timestampFromDate(new Date(Date.now() + 3_600_000)),
    roleRequests: ["ssh-access"],
    useRoleRequests: true,
    ...members,
  } as UserCertsRequest);
  return grpc.unary(certificatesPath, toBinary(UserCertsRequestSchema, request));
}

describe("an output identity", () => {
  it("may read authorities, and may not ask for certificates", async () => {
    const key = rawKey();
    const answer = await certificates(auth, { publicKey: Buffer.from(key.publicKeyLine) });
    const certs = fromBinary(CertsSchema, answer.messages[0] ?? new Uint8Array());
    expect(certs.tlsCaCerts).toHaveLength(1);
    const output: RawIdentity = { ...identity, key, tls: Buffer.from(certs.tls).toString() };
    using grpc = await rawAuth(targetOf(emulator), "bot.test", output);
    expect(
      await grpc.unary(
        "/teleport.trust.v1.TrustService/GetCertAuthorities",
        Buffer.from("0a04686f7374", "hex"),
      ),
    ).toMatchObject({ status: 0 });
    expect(await certificates(grpc, { publicKey: Buffer.from(key.publicKeyLine) })).toMatchObject({
      status: 7,
      message: "access denied: identity is not allowed to reissue certificates",
    });
  });
});

describe("a connection without a certificate (user-certs.md section 1.2)", () => {
  it.each([
    ["/proto.AuthService/GetRole", "0a09626f742d726f626f74"],
    ["/proto.AuthService/GetUser", "0a09626f742d726f626f74"],
    [certificatesPath, ""],
  ])("is denied %s", async (path, hex) => {
    using anonymous = await rawAuth(targetOf(emulator), "bot.test", undefined);
    expect(await anonymous.unary(path, Buffer.from(hex, "hex"))).toMatchObject({ status: 7 });
  });
});

describe("the Auth Service's certificate", () => {
  it("comes from the host CA, which GetClusterCACert gives", async () => {
    const [message] = (await auth.unary("/proto.AuthService/GetClusterCACert", new Uint8Array())).messages;
    const { tlsCa } = fromBinary(GetClusterCACertResponseSchema, message ?? new Uint8Array());
    expect(Buffer.from(tlsCa).toString().trim()).toBe(identity.tlsCaCerts[1]?.trim());
  });

  it("goes on serving the other calls after one connection is lost", async () => {
    const extra = await rawAuth(targetOf(emulator), "bot.test", identity);
    extra[Symbol.dispose]();
    expect((await auth.unary("/proto.AuthService/Ping", new Uint8Array())).status).toBe(0);
  });
});
