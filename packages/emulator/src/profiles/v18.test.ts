import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { parseOpenSshCertificate, parsePublicKey, readTeleportIdentity } from "@bot-join/formats";
import {
  type Certs,
  GetCertAuthoritiesRequestSchema,
  PingRequestSchema,
  UserCertsRequestSchema,
} from "@bot-join/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, it } from "vitest";
import type { Caller } from "../caller.ts";
import {
  clientKey,
  createTestCluster,
  expectRefusal,
  keyForms,
  secretToken,
  type TestCluster,
} from "../test-cluster.ts";
import { profiles } from "./profiles.ts";

type CertsChanges = MessageInitShape<typeof UserCertsRequestSchema>;

let test: TestCluster;
beforeEach(async () => {
  test = await createTestCluster("18");
});

function issue(caller: Caller, changes: CertsChanges = {}): Certs {
  const { ssh, tls } = keyForms(clientKey);
  return test.cluster.rpc.generateUserCerts(
    caller,
    create(UserCertsRequestSchema, {
      sshPublicKey: ssh,
      tlsPublicKey: tls,
      username: "bot-robot",
      expires: timestampFromDate(new Date(test.now().getTime() + 600_000)),
      roleRequests: ["ssh-access"],
      useRoleRequests: true,
      ...changes,
    }),
  );
}

const identityOf = (certs: Certs) => readTeleportIdentity(Buffer.from(certs.tls).toString());

describe("profiles.md: how 18 differs from 14", () => {
  it("order of checks at a join: the token's expiry and roles come before the ID token", async () => {
    await expectRefusal(
      () => test.join({ token: "expired", id_token: "zzz" }),
      "access-denied",
      '"" can not join the cluster with role "Bot", token expired or not found',
    );
    await expectRefusal(
      () => test.join({ role: "Node", hostID: "x", id_token: "zzz" }),
      "bad-parameter",
      "can not join the cluster, the token does not allow role Node",
    );
  });

  it("a missing ID token has another text and class (join.md section 7.4)", async () => {
    await expectRefusal(() => test.join({ id_token: "" }), "access-denied", "IDToken is required");
  });

  it("bot key at join: each its own", async () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
    const { answer, x509 } = await test.join({ public_tls_key: keyForms(other).tls.toString("base64") });
    expect(x509.publicKey.equals(other)).toBe(true);
    expect(parsePublicKey(parseOpenSshCertificate(answer.ssh).publicKey).equals(clientKey)).toBe(true);
  });

  it("bot key at join: a missing or garbage public_tls_key is refused", async () => {
    for (const key of [null, "enp6"]) {
      await expectRefusal(
        () => test.join({ public_tls_key: key }),
        "bad-parameter",
        "expected PEM-encoded block",
      );
    }
  });

  it("bot key at join: PKIX and PKCS#1 under the label RSA PUBLIC KEY (join.md section 2.1)", async () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
    const pkcs1 = rsa.export({ type: "pkcs1", format: "pem" }).toString();
    const pkix = rsa.export({ type: "spki", format: "pem" }).toString().replaceAll("PUBLIC", "RSA PUBLIC");
    for (const pem of [pkcs1, pkix]) {
      const { x509 } = await test.join({ public_tls_key: Buffer.from(pem).toString("base64") });
      expect(x509.publicKey.equals(rsa)).toBe(true);
    }
  });

  it("default suite balanced-v1: Ed25519 SSH and P-256 TLS authorities, RSA ones for databases", () => {
    const { host, user, db } = test.cluster.authorities;
    for (const { sshPublicKey, tlsCertificatePem } of [host, user]) {
      expect(parsePublicKey(sshPublicKey).asymmetricKeyType).toBe("ed25519");
      const { publicKey } = new X509Certificate(tlsCertificatePem);
      expect(publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
    }
    expect(new X509Certificate(db.tlsCertificatePem).publicKey.asymmetricKeyType).toBe("rsa");
  });

  it("db_client CA", async () => {
    const bot = test.cluster.authenticate((await test.join()).answer.tls);
    const request = create(GetCertAuthoritiesRequestSchema, { type: "db_client" });
    const [authority] = test.cluster.rpc.getCertAuthorities(bot, request).certAuthoritiesV2;
    expect(authority?.spec?.activeKeys?.tls).toHaveLength(1);
  });

  it("bot instances: id and generation 1 in the certificates of every join, whatever the method", async () => {
    const ids = new Set<string | undefined>();
    for (const changes of [{}, {}, { token: secretToken }]) {
      const { answer } = await test.join(changes);
      const identity = readTeleportIdentity(answer.tls);
      ids.add(identity.botInstanceId);
      expect(identity).toMatchObject({ generation: 1, attributes: { botName: ["robot"] } });
      expect(parseOpenSshCertificate(answer.ssh).extensions).toMatchObject({
        generation: "1",
        "bot-name@goteleport.com": "robot",
        "bot-instance-id@goteleport.com": identity.botInstanceId,
      });
    }
    expect(ids.size).toBe(3);
  });

  it("bot instances: output certificates name the instance, not the generation (user-certs.md 2.5)", async () => {
    const { answer } = await test.join();
    const output = identityOf(issue(test.cluster.authenticate(answer.tls)));
    expect(output.botInstanceId).toBe(readTeleportIdentity(answer.tls).botInstanceId);
    expect(output.generation).toBeUndefined();
    expect(output.attributes.botName).toEqual(["robot"]);
  });

  it("login IP and user type (join.md section 8.2, user-certs.md section 3.2)", async () => {
    const { answer } = await test.join();
    expect(readTeleportIdentity(answer.tls).attributes).toMatchObject({
      loginIp: ["127.0.0.1"],
      userType: ["local"],
    });
    expect(parseOpenSshCertificate(answer.ssh).extensions["login-ip"]).toBe("127.0.0.1");
  });

  it("GenerateUserCerts keys: 22 and 23, each for its own certificate; 1 ignored", async () => {
    const bot = test.cluster.authenticate((await test.join()).answer.tls);
    const { ssh, tls } = keyForms(clientKey);
    const none = new Uint8Array();
    const lengths = (changes: CertsChanges): boolean[] => {
      const certs = issue(bot, changes);
      return [certs.ssh.length > 0, certs.tls.length > 0];
    };
    expect(lengths({ tlsPublicKey: none })).toEqual([true, false]);
    expect(lengths({ sshPublicKey: none })).toEqual([false, true]);
    expect(lengths({ publicKey: ssh, sshPublicKey: none, tlsPublicKey: none })).toEqual([false, false]);
    expect(lengths({ publicKey: Buffer.from("zz"), sshPublicKey: ssh, tlsPublicKey: tls })).toEqual([
      true,
      true,
    ]);
    await expectRefusal(
      () => issue(bot, { sshPublicKey: Buffer.from("zz") }),
      "untyped",
      "ssh: no key found",
    );
  });

  it("a role-impersonated certificate may be asked for without disallow-reissue (user-certs.md 2.4)", async () => {
    const bot = test.cluster.authenticate((await test.join()).answer.tls);
    const certs = issue(bot, { reissuableRoleImpersonation: true });
    expect(identityOf(certs).disallowReissue).toBe(false);
    const output = test.cluster.authenticate(Buffer.from(certs.tls).toString());
    await expectRefusal(
      () => issue(output),
      "access-denied",
      "access denied: impersonated roles can not request other roles",
    );
    await expectRefusal(
      () => issue(output, { accessRequests: ["x"] }),
      "access-denied",
      "access denied: impersonated user can not request new roles",
    );
  });

  it("the server makes the session of an application certificate (user-certs.md 2.5)", async () => {
    const bot = test.cluster.authenticate((await test.join()).answer.tls);
    const { routeToApp } = create(UserCertsRequestSchema, {
      routeToApp: { name: "grafana", publicAddr: "grafana.bot.test", clusterName: "bot.test" },
    });
    const { attributes } = identityOf(issue(bot, routeToApp === undefined ? {} : { routeToApp }));
    expect(attributes.appSessionId?.[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  it("generation mismatch: a lock on the bot instance; other instances of the bot go on", async () => {
    const renewal = { roleRequests: [], useRoleRequests: false };
    const { answer } = await test.join({ token: secretToken });
    const first = test.cluster.authenticate(answer.tls);
    expect(identityOf(issue(first, renewal))).toMatchObject({ generation: 2, renewable: true });
    const instance = readTeleportIdentity(answer.tls).botInstanceId;
    await expectRefusal(
      () => issue(first, renewal),
      "access-denied",
      `cert generation mismatch for bot robot/${instance}: stored=2, presented=1`,
    );
    expect(() => test.cluster.rpc.ping(first, create(PingRequestSchema))).toThrow("access denied");
    expect(test.events.at(-1)).toMatchObject({ type: "lock", target: `BotInstanceID:"${instance}"` });
    await expect(test.join({ token: "second-secret-of-the-same-bot" })).resolves.toBeDefined();
  });

  it("client version too old is checked", () => {
    expect(profiles["18"].oldestClientMajor).toBe(17);
    expect(profiles["14"].oldestClientMajor).toBeUndefined();
  });
});
