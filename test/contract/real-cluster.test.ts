import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEmulator } from "../support/emulator.ts";
import {
  type RawHttpAnswer,
  type RawTarget,
  rawAuth,
  rawHttp,
  rawJoin,
  rawJoinRequest,
  rawKey,
  rawTransport,
  readRawIdentity,
} from "../support/raw-client.ts";
import { RawSsh } from "../support/raw-ssh.ts";
import { signIdToken, targetOf } from "./joined.ts";

/** A cluster that the rows below are tried on, real or emulated. */
interface Subject {
  target: RawTarget;
  token: string;
  idToken: string;
}

const variables = [
  "BOT_JOIN_CONTRACT_PROXY",
  "BOT_JOIN_CONTRACT_TOKEN",
  "BOT_JOIN_CONTRACT_ID_TOKEN_FILE",
] as const;
const missing = variables.filter((name) => (process.env[name] ?? "") === "");
const howTo =
  `set ${missing.join(", ")} to try a real cluster: its host:port, the name of a join token, and a file with an ID ` +
  "token that matches it; BOT_JOIN_CONTRACT_CA_FILE names the CA of its web certificate if the system's list lacks it";

function realCluster(): Subject {
  const [proxy, token, idTokenFile] = variables.map((name) => process.env[name] ?? "");
  const caFile = process.env["BOT_JOIN_CONTRACT_CA_FILE"];
  return {
    target: {
      address: proxy?.includes(":") === true ? proxy : `${proxy}:443`,
      ...(caFile === undefined || caFile === "" ? {} : { ca: readFileSync(caFile, "utf8") }),
    },
    token: token ?? "",
    idToken: readFileSync(idTokenFile ?? "", "utf8").trim(),
  };
}

/** What every cluster from 14 to 18 must answer, whatever its resources. */
function rowsOfAnyCluster(connect: () => Promise<Subject>): void {
  let subject: Subject;
  let cluster: string;
  let joined: RawHttpAnswer;
  const key = rawKey();

  beforeAll(async () => {
    subject = await connect();
    cluster = (
      JSON.parse((await rawHttp(subject.target, "GET", "/webapi/find")).body) as { cluster_name: string }
    ).cluster_name;
    const { token, idToken } = subject;
    joined = await rawJoin(subject.target, rawJoinRequest(key, { token, id_token: idToken }));
  });

  const refusal = async (members: Record<string, unknown>): Promise<{ status: number; message: string }> => {
    const { token, idToken } = subject;
    const request = rawJoinRequest(rawKey(), { token, id_token: idToken, ...members });
    const { status, body } = await rawJoin(subject.target, request);
    return { status, message: (JSON.parse(body) as { error: { message: string } }).error.message };
  };

  it("joins, user CA first and host CA second", () => {
    const identity = readRawIdentity(key, joined);
    expect(identity.tlsCaCerts.length).toBeGreaterThanOrEqual(2);
    expect(identity.ssh.endsWith("\n")).toBe(true);
  });

  it("refuses an unknown token", async () => {
    expect(await refusal({ token: "bot-join-contract-no-such-token" })).toEqual({
      status: 403,
      message: expect.stringContaining("token expired or not found"),
    });
  });

  it("refuses a request without a token name, and one without a host ID for another role", async () => {
    expect(await refusal({ token: "" })).toEqual({
      status: 400,
      message: expect.stringContaining("missing parameter Token"),
    });
    expect(await refusal({ role: "Node" })).toEqual({
      status: 400,
      message: expect.stringContaining("missing parameter HostID"),
    });
  });

  it("refuses an ID token that is none", async () => {
    expect((await refusal({ id_token: "x" })).status).toBeGreaterThanOrEqual(400);
  });

  it("answers an unknown path with plain text", async () => {
    expect(await rawHttp(subject.target, "GET", "/webapi/bot-join-no-such-path")).toMatchObject({
      status: 404,
      headers: { "content-type": "text/plain; charset=utf-8" },
      body: "404 page not found\n",
    });
  });

  it("serves the Auth Service to the joined bot, and says what it does not know", async () => {
    using auth = await rawAuth(subject.target, cluster, readRawIdentity(key, joined));
    expect((await auth.unary("/proto.AuthService/Ping", new Uint8Array())).status).toBe(0);
    expect(await auth.unary("/proto.AuthService/BotJoinNope", new Uint8Array())).toMatchObject({
      status: 12,
      message: "unknown method BotJoinNope for service proto.AuthService",
    });
    expect((await auth.unary("/bot.join.Nope/Nope", new Uint8Array())).message).toBe(
      "unknown service bot.join.Nope",
    );
    const admin = Buffer.from("0a0561646d696e", "hex");
    expect((await auth.unary("/proto.AuthService/GetRole", admin)).status).toBe(7);
  });

  it("closes on a chain of two certificates", async () => {
    const identity = readRawIdentity(key, joined);
    using auth = await rawAuth(subject.target, cluster, identity, {
      cert: identity.tls + (identity.tlsCaCerts[0] ?? ""),
    });
    await expect(auth.unary("/proto.AuthService/Ping", new Uint8Array())).rejects.toThrow();
  });

  it("does not reach a node that nobody has", async () => {
    using grpc = await rawTransport(subject.target, readRawIdentity(key, joined));
    const ssh = new RawSsh(grpc);
    ssh.dial("bot-join-no-such-node:3022", cluster);
    expect((await ssh.done).status).not.toBe(0);
  });
}

const emulators: AsyncDisposable[] = [];
afterAll(async () => {
  for (const emulator of emulators) await emulator[Symbol.asyncDispose]();
});

describe.each(["14", "18"] as const)("the emulator as version %s", (version) => {
  rowsOfAnyCluster(async () => {
    const emulator = await startTestEmulator({ version });
    emulators.push(emulator);
    return { target: targetOf(emulator), token: "ghcom", idToken: await signIdToken(emulator) };
  });
});

describe.skipIf(missing.length > 0)(`a real cluster${missing.length > 0 ? ` (${howTo})` : ""}`, () => {
  rowsOfAnyCluster(async () => realCluster());
});
