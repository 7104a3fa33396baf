import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseOpenSshCertificate, readTeleportIdentity } from "@bot-join/formats";
import {
  CertsSchema,
  GetCertAuthoritiesRequestSchema,
  GetCertAuthoritiesResponseSchema,
  GetCertAuthorityRequestSchema,
  GetClusterCACertResponseSchema,
  GetRoleRequestSchema,
  GetUserRequestSchema,
  PingRequestSchema,
  PingResponseSchema,
  RoleV6Schema,
  type UserCertsRequest,
  UserCertsRequestSchema,
  UserV2Schema,
} from "@bot-join/proto";
import { parseResources } from "@bot-join/resources";
import { create, fromBinary, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { EmptySchema, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, it } from "vitest";
import { anonymousCaller, type Caller } from "../caller.ts";
import type { Cluster } from "../cluster.ts";
import { grpcCodeOf, Refusal } from "../refusal.ts";
import {
  clientKey,
  createTestCluster,
  expectRefusal,
  keyForms,
  secretToken,
  startTime,
  type TestCluster,
} from "../test-cluster.ts";

interface RecordedCall {
  path: string;
  requestHex: string;
  status: number;
  message: string;
  responseHex?: string;
}

const recorded: Record<string, RecordedCall> = JSON.parse(
  readFileSync(new URL("../../../../test/vectors/emulator/rpc-answers.json", import.meta.url), "utf8"),
);
/** When the recorded requests were made; they ask for an hour. */
const recordedTime = new Date("2026-11-22T04:39:00Z");
const hourMs = 3_600_000;

let test: TestCluster;
let cluster: Cluster;
let bot: Caller;
beforeEach(async () => {
  test = await createTestCluster("14");
  test.cluster.addResources(
    parseResources("{kind: kube_cluster, version: v3, metadata: {name: kc}}", "test"),
  );
  cluster = test.cluster;
  const expires = new Date(startTime.getTime() + 12 * hourMs);
  bot = cluster.authenticate((await test.join({ expires })).answer.tls);
  test.advance(recordedTime.getTime() - startTime.getTime());
});

/** Decodes recorded bytes and hands them to the handler of their path. */
function replay({ path, requestHex }: RecordedCall): Message {
  const bytes = Buffer.from(requestHex, "hex");
  const { rpc } = cluster;
  const handlers: Record<string, () => Message> = {
    Ping: () => rpc.ping(bot, fromBinary(PingRequestSchema, bytes)),
    GetRole: () => rpc.getRole(bot, fromBinary(GetRoleRequestSchema, bytes)),
    GetUser: () => rpc.getUser(bot, fromBinary(GetUserRequestSchema, bytes)),
    GetClusterCACert: () => rpc.getClusterCACert(bot, fromBinary(EmptySchema, bytes)),
    GetCertAuthorities: () => rpc.getCertAuthorities(bot, fromBinary(GetCertAuthoritiesRequestSchema, bytes)),
    GenerateUserCerts: () => rpc.generateUserCerts(bot, fromBinary(UserCertsRequestSchema, bytes)),
  };
  const handler = handlers[path.split("/").at(-1) ?? ""];
  if (handler === undefined) throw new Error(`no handler for ${path}`);
  return handler();
}

function statusOf(call: () => unknown): { status: number; message: string } {
  try {
    call();
    return { status: 0, message: "" };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { status: grpcCodeOf[error.class], message: error.message };
  }
}

describe("measured-14.2.0.md section 5: recorded requests get the recorded status and message", () => {
  // Methods and services that do not exist are the gRPC layer's matter.
  const rows = Object.entries(recorded).filter(([name]) => !name.startsWith("unknown "));
  it.each(["unknown database", "unknown app", "unknown leaf", "unknown kube"])(
    "includes certs %s",
    (name) => {
      expect(rows.map(([row]) => row)).toContain(`certs ${name}`);
    },
  );

  it.each(rows)("%s", (_name, call) => {
    expect(statusOf(() => replay(call))).toEqual({ status: call.status, message: call.message });
  });
});

describe("recorded answers", () => {
  const answerOf = (name: string): Uint8Array => Buffer.from(recorded[name]?.responseHex ?? "", "hex");
  const known = { readUnknownFields: false };

  it("Ping, but for the caller's address", () => {
    const theirs = fromBinary(PingResponseSchema, answerOf("Ping"), known);
    // The feature message holds more fields than we have.
    expect(cluster.rpc.ping(bot, create(PingRequestSchema))).toEqual({ ...theirs, remoteAddr: "" });
  });

  it("GetRole of the bot's own role", () => {
    const request = create(GetRoleRequestSchema, { name: "bot-robot" });
    expect(cluster.rpc.getRole(bot, request)).toEqual(
      fromBinary(RoleV6Schema, answerOf("GetRole own"), known),
    );
  });

  it("GetUser of the bot itself", () => {
    const request = create(GetUserRequestSchema, { name: "bot-robot" });
    const theirs = fromBinary(UserV2Schema, answerOf("GetUser own"), known);
    expect(cluster.rpc.getUser(bot, request)).toEqual(theirs);
  });

  it("GetClusterCACert: one bare PEM of the host authority", () => {
    const ours = cluster.rpc.getClusterCACert(bot, create(EmptySchema));
    const theirs = fromBinary(GetClusterCACertResponseSchema, answerOf("GetClusterCACert"));
    expect(Buffer.from(ours.tlsCa).toString()).toBe(cluster.authorities.host.tlsCertificatePem);
    expect(Buffer.from(theirs.tlsCa).toString()).toMatch(
      /^-----BEGIN CERTIFICATE-----\n[\w+/=\n]+-----END CERTIFICATE-----\n$/,
    );
  });

  it.each(["host", "user", "db"])("GetCertAuthorities %s, but for the keys", (type) => {
    const shape = (message: Message): string =>
      JSON.stringify(message, (key, value: unknown) =>
        key === "cert" || key === "publicKey"
          ? Buffer.from(Object.values(value as Uint8Array))
              .toString()
              .replace(/[\w+/=]{50,}\s/g, "")
          : value,
      );
    const ours = cluster.rpc.getCertAuthorities(bot, create(GetCertAuthoritiesRequestSchema, { type }));
    const theirs = fromBinary(
      GetCertAuthoritiesResponseSchema,
      answerOf(`GetCertAuthorities ${type}`),
      known,
    );
    // An authority's certificate has 19 or 20 lines by the length of its serial number.
    const lines = (text: string): string => text.replace(/-----\\n.*?-----END/g, "-----END");
    expect(lines(shape(ours))).toBe(lines(shape(theirs)));
  });

  it.each([
    "certs all roles",
    "certs nothing requested",
    "certs database",
    "certs unknown app",
    "certs kube",
  ])("%s: the certificates hold what the recorded ones hold", (name) => {
    const call = recorded[name];
    if (call === undefined) throw new Error(`no recorded ${name}`);
    const contents = (bytes: { ssh: Uint8Array; tls: Uint8Array }): unknown => {
      const x509 = new X509Certificate(bytes.tls);
      const { principals, extensions, criticalOptions, validAfter, validBefore, keyId } =
        parseOpenSshCertificate(Buffer.from(bytes.ssh).toString());
      const text = JSON.stringify({
        times: [x509.validFrom, x509.validTo, validAfter.toString(), validBefore.toString()],
        identity: readTeleportIdentity(x509.toString()),
        ssh: { principals, extensions, criticalOptions, keyId },
      });
      return JSON.parse(text.replace(/nologin-[0-9a-f-]{36}/g, "nologin-"));
    };
    const ours = replay(call) as ReturnType<Cluster["rpc"]["generateUserCerts"]>;
    const theirs = fromBinary(CertsSchema, answerOf(name));
    expect(contents(ours)).toEqual(contents(theirs));
    expect([ours.tlsCaCerts.length, ours.sshCaCerts.length]).toEqual([
      theirs.tlsCaCerts.length,
      theirs.sshCaCerts.length,
    ]);
    const { user } = cluster.authorities;
    expect(Buffer.from(ours.tlsCaCerts[0] ?? "").toString()).toBe(user.tlsCertificatePem);
  });
});

type CertsChanges = MessageInitShape<typeof UserCertsRequestSchema>;

/** A request for an hour, as an output makes it. */
function certsRequest(changes: CertsChanges = {}): UserCertsRequest {
  const { ssh, tls } = keyForms(clientKey);
  return create(UserCertsRequestSchema, {
    publicKey: ssh,
    sshPublicKey: ssh,
    tlsPublicKey: tls,
    username: "bot-robot",
    expires: timestampFromDate(new Date(test.now().getTime() + hourMs)),
    roleRequests: ["ssh-access"],
    useRoleRequests: true,
    ...changes,
  });
}

function issue(changes: CertsChanges = {}, caller: Caller = bot): X509Certificate {
  return new X509Certificate(cluster.rpc.generateUserCerts(caller, certsRequest(changes)).tls);
}

describe("lifetimes, user-certs.md section 4", () => {
  const inDays = (days: number): CertsChanges => ({
    expires: timestampFromDate(new Date(test.now().getTime() + days * 24 * hourMs)),
  });
  const hoursLeft = (certificate: X509Certificate): number =>
    (Date.parse(certificate.validTo) - test.now().getTime()) / hourMs;

  it("30 days asked for a 30 h role give 24 h, not bounded by the bot's own certificate", () => {
    expect(hoursLeft(issue(inDays(30)))).toBe(24);
  });

  it("30 days asked for a 30 h and a 2 h role give 2 h", () => {
    expect(hoursLeft(issue({ ...inDays(30), roleRequests: ["ssh-access", "deploy-only"] }))).toBe(2);
  });

  it("the bot's own certificate again ends no later than the one it has", () => {
    const own = issue({ ...inDays(30), roleRequests: [], useRoleRequests: false });
    expect(hoursLeft(own)).toBeCloseTo(12 - 431 / 3600, 2);
  });

  it("no time at all, and one before all others, are in the past", () => {
    const text = "access denied: client credentials have expired, please relogin.";
    for (const seconds of [0n, -(2n ** 60n)]) {
      const message = create(UserCertsRequestSchema, certsRequest());
      if (seconds === 0n) delete message.expires;
      else message.expires = { ...timestampFromDate(new Date(0)), seconds };
      expect(statusOf(() => cluster.rpc.generateUserCerts(bot, message))).toEqual({
        status: 7,
        message: text,
      });
    }
  });
});

describe("order of checks, user-certs.md section 2.5", () => {
  const output = (): Caller => cluster.authenticate(issue().toString());
  const rows: [string, () => Caller, CertsChanges, string][] = [
    ["3 before 4", output, { username: "bot-other" }, "access denied: impersonation is not allowed"],
    ["4 before 7", output, {}, "access denied: identity is not allowed to reissue certificates"],
    [
      "7 before 8",
      () => bot,
      { expires: timestampFromDate(new Date(0)), roleRequests: [] },
      "access denied: client credentials have expired, please relogin.",
    ],
    ["9 before 10", () => bot, { roleRequests: ["editor", "nope"] }, "role nope is not found"],
    [
      "10",
      () => bot,
      { roleRequests: ["ssh-access", "auditor"] },
      'user "bot-robot" has requested role impersonation for ["ssh-access" "auditor"]',
    ],
    ["format", () => bot, { format: "newssh" }, 'invalid certificate format parameter: "newssh"'],
  ];
  it.each(rows)("%s", async (_name, caller, changes, message) => {
    const outcome = statusOf(() => cluster.rpc.generateUserCerts(caller(), certsRequest(changes)));
    expect(outcome.message).toBe(message);
  });

  it("the format oldssh leaves Teleport's own extensions out", () => {
    const { ssh } = cluster.rpc.generateUserCerts(bot, certsRequest({ format: "oldssh" }));
    const names = Object.keys(parseOpenSshCertificate(Buffer.from(ssh).toString()).extensions);
    expect(names.filter((name) => name.startsWith("teleport-"))).toEqual([]);
  });
});

describe("who may ask what", () => {
  it("an output's certificate reads the roles it holds and no other", () => {
    const output = cluster.authenticate(issue().toString());
    const read = (name: string) => cluster.rpc.getRole(output, create(GetRoleRequestSchema, { name }));
    expect(read("ssh-access").metadata?.name).toBe("ssh-access");
    expect(statusOf(() => read("bot-robot")).status).toBe(7);
  });

  it("somebody without a certificate gets the cluster's name and host authority only", () => {
    expect(cluster.rpc.ping(anonymousCaller, create(PingRequestSchema)).clusterName).toBe("bot.test");
    expect(cluster.rpc.getClusterCACert(anonymousCaller, create(EmptySchema)).tlsCa).not.toHaveLength(0);
    expect(statusOf(() => cluster.rpc.generateUserCerts(anonymousCaller, certsRequest())).status).toBe(7);
    const user = create(GetCertAuthoritiesRequestSchema, { type: "user" });
    expect(statusOf(() => cluster.rpc.getCertAuthorities(anonymousCaller, user)).status).toBe(7);
  });

  it("GetCertAuthority answers for the own cluster only", () => {
    const read = (domain: string) =>
      cluster.rpc.getCertAuthority(bot, create(GetCertAuthorityRequestSchema, { type: "host", domain }));
    expect(read("bot.test").spec?.type).toBe("host");
    expect(statusOf(() => read("leaf.test")).status).toBe(5);
  });

  it("a certificate that has ended, or is of no user, authenticates nobody", async () => {
    const { answer } = await test.join();
    const host = cluster.issueHostTls({ role: "Admin", dnsNames: [], ipAddresses: [] });
    await expectRefusal(() => cluster.authenticate(host.certificatePem), "access-denied", "access denied");
    test.advance(24 * hourMs);
    expect(() => cluster.authenticate(answer.tls)).toThrow(Refusal);
  });
});

describe("renewal, join.md sections 8.4 and 10, profile 14", () => {
  const renewal = { roleRequests: [], useRoleRequests: false };

  it("a renewable certificate counts up, stays renewable and comes with the host authority", async () => {
    const first = cluster.authenticate((await test.join({ token: secretToken })).answer.tls);
    const answer = cluster.rpc.generateUserCerts(first, certsRequest(renewal));
    const tls = Buffer.from(answer.tls).toString();
    expect(readTeleportIdentity(tls)).toMatchObject({
      renewable: true,
      generation: 2,
      disallowReissue: false,
    });
    expect(parseOpenSshCertificate(Buffer.from(answer.ssh).toString()).extensions).toMatchObject({
      renewable: "",
      generation: "2",
    });
    expect(answer.tlsCaCerts).toHaveLength(2);
    const user = cluster.rpc.getUser(first, create(GetUserRequestSchema, { name: "bot-robot" }));
    expect(user.metadata?.labels["teleport.internal/bot-generation"]).toBe("2");
    const output = readTeleportIdentity(issue({}, cluster.authenticate(tls)).toString());
    expect(output.renewable).toBe(false);
    expect(output.generation).toBeUndefined();
  });

  it("an old generation locks the bot's user", async () => {
    const first = cluster.authenticate((await test.join({ token: secretToken })).answer.tls);
    cluster.rpc.generateUserCerts(first, certsRequest(renewal));
    expect(statusOf(() => cluster.rpc.generateUserCerts(first, certsRequest(renewal)))).toEqual({
      status: 7,
      message: "renewable cert generation mismatch: stored=2, presented=1",
    });
    expect(statusOf(() => cluster.rpc.ping(first, create(PingRequestSchema)))).toEqual({
      status: 7,
      message: "access denied",
    });
    await expect(test.join()).rejects.toThrow(
      /^lock targeting User:"bot-robot" is in force: The bot user "bot-robot" has been locked due to a certificate generation mismatch/,
    );
  });
});

it("a cluster that certifies RSA keys only", async () => {
  const rsa = keyForms(generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey);
  test = await createTestCluster("14", { rsaOnly: true });
  cluster = test.cluster;
  bot = cluster.authenticate((await test.join({ public_ssh_key: rsa.ssh.toString("base64") })).answer.tls);
  expect(statusOf(() => issue()).message).toContain("only RSA keys supported");
  expect(issue({ publicKey: rsa.ssh })).toBeDefined();
});
