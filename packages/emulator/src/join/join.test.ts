import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import {
  issuedBy,
  parseAuthorizedKey,
  parseOpenSshCertificate,
  readTeleportIdentity,
  verifyOpenSshCertificate,
} from "@bot-join/formats";
import { describe, expect, it } from "vitest";
import { requireTool, runTool } from "../../../../test/support/tools.ts";
import type { RefusalClass } from "../refusal.ts";
import {
  createTestCluster,
  expectRefusal,
  keyForms,
  secretToken,
  startTime,
  type TestCluster,
} from "../test-cluster.ts";

const startSeconds = Math.floor(startTime.getTime() / 1000);
const hour = 3600;

type Changes = (test: TestCluster) => Record<string, unknown> | Promise<Record<string, unknown>>;

describe("measured-14.2.0.md section 4, profile 14: joins that succeed", () => {
  const rows: [string, Changes, number][] = [
    ["expires absent: 1 h", () => ({}), hour],
    ["10 minutes", () => ({ expires: new Date((startSeconds + 600) * 1000 + 983) }), 600],
    ["100 days: 12 h", () => ({ expires: new Date((startSeconds + 100 * 86_400) * 1000) }), 12 * hour],
    ["unknown JSON key", () => ({ zzz: { a: 1 } }), hour],
    [
      "minimal keys",
      () => ({
        hostID: undefined,
        node_name: undefined,
        additional_principals: undefined,
        dns_names: undefined,
        remote_addr: undefined,
        ec2_id: undefined,
      }),
      hour,
    ],
    ["no public_tls_key", () => ({ public_tls_key: undefined }), hour],
    ["a garbage public_tls_key", () => ({ public_tls_key: "enp6" }), hour],
    [
      "an ID token without sub",
      async ({ idToken }) => ({ id_token: await idToken({ sub: undefined }) }),
      hour,
    ],
  ];

  it.each(rows)("%s", async (_name, changes, lifetimeSeconds) => {
    const test = await createTestCluster("14");
    const { answer, x509 } = await test.join(await changes(test));
    expect(Date.parse(x509.validFrom) / 1000).toBe(startSeconds - 60);
    expect(Date.parse(x509.validTo) / 1000).toBe(startSeconds + lifetimeSeconds);
    const ssh = parseOpenSshCertificate(answer.ssh);
    expect(Number(ssh.validAfter)).toBe(startSeconds - 60);
    expect(Number(ssh.validBefore)).toBe(startSeconds + lifetimeSeconds);
  });

  it("expires in the past: X.509 expired from the start, SSH valid for 1 minute", async () => {
    const test = await createTestCluster("14");
    const { answer, x509 } = await test.join({ expires: new Date((startSeconds - hour) * 1000) });
    expect(Date.parse(x509.validTo) / 1000).toBe(startSeconds - hour);
    expect(Number(parseOpenSshCertificate(answer.ssh).validBefore)).toBe(startSeconds + 60);
  });
});

describe("measured-14.2.0.md section 4, profile 14: joins that are refused", () => {
  const signed =
    (claims: Record<string, unknown>): Changes =>
    async ({ idToken }) => ({ id_token: await idToken(claims) });
  const spoilt =
    (signature: "foreign-key" | "unknown-kid" | "none", claims = {}): Changes =>
    async ({ issuer }) => ({
      id_token: await issuer.sign(
        { aud: "teleport.cluster.local", repository: "acme/shop", ...claims },
        { signature },
      ),
    });
  const rows: [string, Changes, RefusalClass, string][] = [
    [
      "token name unknown",
      () => ({ token: "nope" }),
      "access-denied",
      '"" can not join the cluster with role "Bot", token expired or not found',
    ],
    ["token empty", () => ({ token: "" }), "bad-parameter", "missing parameter Token"],
    [
      "role Node with a bot token",
      () => ({ role: "Node", hostID: "x" }),
      "bad-parameter",
      'node "" [x] can not join the cluster, the token does not allow "Node" role',
    ],
    ["role bot, no hostID", () => ({ role: "bot" }), "bad-parameter", "missing parameter HostID"],
    ["role unknown, no hostID", () => ({ role: "Robot" }), "bad-parameter", "missing parameter HostID"],
    [
      "role unknown, with hostID",
      () => ({ role: "Robot", hostID: "x" }),
      "bad-parameter",
      "role Robot is not registered",
    ],
    [
      "no ID token",
      () => ({ id_token: "" }),
      "bad-parameter",
      "IDToken not provided for Github join request",
    ],
    [
      "ID token not a JWT",
      () => ({ id_token: "zzz" }),
      "untyped",
      "oidc: malformed jwt: square/go-jose: compact JWS format must have three parts",
    ],
    [
      "wrong audience",
      signed({ aud: "x" }),
      "untyped",
      'oidc: expected audience "teleport.cluster.local" got ["x"]',
    ],
    [
      "wrong issuer",
      signed({ iss: "https://gitlab.bot.test" }),
      "untyped",
      'oidc: id token issued by a different provider, expected "https://token.actions.githubusercontent.com" got "https://gitlab.bot.test"',
    ],
    [
      "expired",
      signed({ exp: startSeconds - hour }),
      "untyped",
      "oidc: token is expired (Token Expiry: 2026-11-22 03:31:49 +0000 UTC)",
    ],
    [
      "not yet valid",
      signed({ nbf: startSeconds + hour, exp: startSeconds + 2 * hour }),
      "access-denied",
      "token not before in future",
    ],
    [
      "bad signature",
      spoilt("foreign-key"),
      "untyped",
      "failed to verify signature: failed to verify id token signature",
    ],
    [
      "unknown kid",
      spoilt("unknown-kid"),
      "untyped",
      "failed to verify signature: failed to verify id token signature",
    ],
    [
      "alg none without exp",
      spoilt("none", { exp: undefined }),
      "untyped",
      "oidc: token is expired (Token Expiry: 0001-01-01 00:00:00 +0000 UTC)",
    ],
    [
      "claims match no rule",
      signed({ repository: "acme/other" }),
      "access-denied",
      "id token claims did not match any allow rules",
    ],
    ["no public_ssh_key", () => ({ public_ssh_key: null }), "untyped", "ssh: no key found"],
    ["garbage public_ssh_key", () => ({ public_ssh_key: "enp6" }), "untyped", "ssh: no key found"],
  ];

  it.each(rows)("%s", async (_name, changes, refusalClass, message) => {
    const test = await createTestCluster("14");
    await expectRefusal(async () => test.join(await changes(test)), refusalClass, message);
    expect(test.events).toMatchObject([{ type: "join", outcome: "refused", message }]);
  });

  it("issuer not reachable", async () => {
    const test = await createTestCluster("14");
    const idToken = await test.idToken();
    test.issuer.setReachable(false);
    await expect(test.join({ id_token: idToken })).rejects.toMatchObject({
      class: "untyped",
      message: expect.stringMatching(
        /^Get "https:\/\/token\.actions\.githubusercontent\.com\/\.well-known\/openid-configuration": /,
      ),
    });
  });
});

describe("join.md section 7", () => {
  it.each(["14", "18"] as const)(
    "profile %s: an expired token looks like an unknown one",
    async (version) => {
      const text = '"" can not join the cluster with role "Bot", token expired or not found';
      const test = await createTestCluster(version);
      await expectRefusal(() => test.join({ token: "expired" }), "access-denied", text);
      await expectRefusal(() => test.join({ token: "unknown" }), "access-denied", text);
    },
  );

  it("7.3, profile 14: the proof is looked at first, an expired token after it", async () => {
    const test = await createTestCluster("14");
    await expectRefusal(
      () => test.join({ token: "expired", id_token: "" }),
      "bad-parameter",
      "IDToken not provided for Github join request",
    );
  });

  it.each(["14", "18"] as const)("7.4, profile %s: a bot that does not exist", async (version) => {
    const test = await createTestCluster(version);
    await expectRefusal(() => test.join({ token: "no-such-bot" }), "access-denied", "access denied");
  });

  it("7.4: a token for another transport", async () => {
    const test = await createTestCluster("14");
    await expectRefusal(
      () => test.join({ token: "cloud" }),
      "access-denied",
      "this token is only valid for the iam join method but the node has connected to the wrong endpoint",
    );
  });

  it("7.4: a claim of the wrong type", async () => {
    const test = await createTestCluster("14");
    const idToken = await test.idToken({ repository: 1 });
    await expectRefusal(
      () => test.join({ id_token: idToken }),
      "untyped",
      "json: cannot unmarshal number into Go struct field IDTokenClaims.repository of type string",
    );
  });

  it("7.4: method token ignores an ID token, consumes the token and hides its name", async () => {
    const test = await createTestCluster("14");
    const { x509 } = await test.join({ token: secretToken });
    expect(readTeleportIdentity(x509.toString())).toMatchObject({ renewable: true, generation: 1 });
    expect(test.events).toMatchObject([{ outcome: "accepted", method: "token", bot: "robot" }]);
    await expect(test.join({ token: secretToken })).rejects.toThrow("token expired or not found");
    const told = JSON.stringify(test.events);
    expect(told).not.toContain(secretToken);
    expect(told).toContain("*".repeat(24));
  });

  it("8.4, profile 14: a bot with a renewable certificate gets no second one by a token", async () => {
    const test = await createTestCluster("14");
    await test.join({ token: secretToken });
    await expectRefusal(
      () => test.join({ token: "second-secret-of-the-same-bot" }),
      "bad-parameter",
      'user "bot-robot" has already been issued a renewable certificate and cannot be issued another',
    );
  });

  it("tells the owner why claims were refused", async () => {
    const test = await createTestCluster("14");
    await expect(test.join({ id_token: await test.idToken({ repository: "acme/other" }) })).rejects.toThrow();
    expect(test.events).toMatchObject([
      {
        token: "ghcom",
        claims: { repository: "acme/other" },
        trace: {
          matched: false,
          rules: [{ fields: [{ field: "repository", wanted: "acme/shop", found: "acme/other" }] }],
        },
      },
    ]);
  });
});

describe("the certificates of a bot", () => {
  it("profile 14: hold what the recorded ones hold (join.md section 8.2)", async () => {
    const vector = (name: string): string =>
      readFileSync(new URL(`../../../../test/vectors/formats/${name}`, import.meta.url), "utf8");
    const withoutUuid = (text: string): string =>
      text.replace(/nologin-[0-9a-f-]{36}/g, "nologin-").replace(/"kubernetesCluster":\["kc"\],/, "");
    const { answer } = await (await createTestCluster("14")).join();
    expect(withoutUuid(JSON.stringify(readTeleportIdentity(answer.tls)))).toBe(
      withoutUuid(JSON.stringify(readTeleportIdentity(vector("bot.crt")))),
    );
    const ours = parseOpenSshCertificate(answer.ssh);
    const theirs = parseOpenSshCertificate(vector("bot-cert.pub"));
    expect(ours.extensions).toEqual(theirs.extensions);
    expect(ours.principals.map(withoutUuid)).toEqual(theirs.principals.map(withoutUuid));
    expect([ours.keyId, ours.serial, ours.kind, ours.criticalOptions]).toEqual([
      theirs.keyId,
      theirs.serial,
      theirs.kind,
      theirs.criticalOptions,
    ]);
  });

  it.each(["14", "18"] as const)(
    "profile %s: user authority first, then host (join.md 12)",
    async (version) => {
      const test = await createTestCluster(version);
      const { answer } = await test.join();
      const { user, host } = test.cluster.authorities;
      expect(answer.tlsCaCerts).toEqual([user.tlsCertificatePem, host.tlsCertificatePem]);
      expect(answer.tlsCaCerts.map((ca) => issuedBy(answer.tls, ca))).toEqual([true, false]);
      const ssh = parseOpenSshCertificate(answer.ssh);
      const keys = answer.sshCaCerts.map((line) => parseAuthorizedKey(line).blob);
      expect(keys.map((key) => verifyOpenSshCertificate(ssh, key))).toEqual([true, false]);
      for (const text of [answer.ssh, answer.tls, ...answer.tlsCaCerts, ...answer.sshCaCerts]) {
        expect(text.endsWith("\n")).toBe(true);
      }
    },
  );

  it.for([
    ["14", "rsa-sha2-512"],
    ["18", "ssh-ed25519"],
  ] as const)("profile %s: ssh-keygen and openssl accept them", async ([version, algorithm], context) => {
    const sshKeygen = requireTool(context, "ssh-keygen");
    const openssl = requireTool(context, "openssl");
    const test = await createTestCluster(version);
    const { answer } = await test.join();
    const folder = await mkdtemp(joinPath(tmpdir(), "bot-join-"));
    try {
      const file = (name: string, text: string): string => {
        const path = joinPath(folder, name);
        writeFileSync(path, text);
        return path;
      };
      const listing = runTool(sshKeygen, ["-L", "-f", file("key-cert.pub", answer.ssh)]);
      expect(listing).toContain("ecdsa-sha2-nistp256-cert-v01@openssh.com user certificate");
      expect(listing).toContain(`(using ${algorithm})`);
      expect(listing).toContain('Key ID: "bot-robot"');
      const verified = runTool(openssl, [
        "verify",
        "-attime",
        String(startSeconds),
        "-CAfile",
        file("ca.pem", answer.tlsCaCerts.join("")),
        file("tls.pem", answer.tls),
      ]);
      expect(verified).toContain("OK");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

it("a cluster that certifies RSA keys only refuses others and takes RSA (user-certs.md section 7)", async () => {
  const test = await createTestCluster("14", { rsaOnly: true });
  await expect(test.join()).rejects.toMatchObject({
    message: expect.stringContaining("only RSA keys supported"),
  });
  const { ssh } = keyForms(generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey);
  await expect(test.join({ public_ssh_key: ssh.toString("base64") })).resolves.toBeDefined();
});
