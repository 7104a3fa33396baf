import { createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { parsePublicKey, readTeleportIdentity } from "@bot-join/formats";
import { type Certs, UserCertsRequestSchema } from "@bot-join/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import type { Caller } from "../caller.ts";
import { clientVersionRefusal } from "../grpc/client-version.ts";
import {
  clientKey,
  createTestCluster,
  expectRefusal,
  keyForms,
  secretToken,
  type TestCluster,
} from "../test-cluster.ts";
import { findBody, pingBody } from "../web/discovery.ts";
import { profiles, type ServerMajor } from "./profiles.ts";

const majors: readonly ServerMajor[] = ["14", "15", "16", "17", "18"];

/** One row of a table: what holds in 14, 15, 16, 17 and 18, in this order. */
function row<Value>(...values: [Value, Value, Value, Value, Value]): [ServerMajor, Value][] {
  return majors.map((major, index) => [major, values[index] as Value]);
}

function issue(
  test: TestCluster,
  caller: Caller,
  changes: MessageInitShape<typeof UserCertsRequestSchema>,
): Certs {
  const request = create(UserCertsRequestSchema, {
    username: "bot-robot",
    expires: timestampFromDate(new Date(test.now().getTime() + 600_000)),
    ...changes,
  });
  return test.cluster.rpc.generateUserCerts(caller, request);
}

async function botOf(test: TestCluster, changes: Record<string, unknown> = {}): Promise<Caller> {
  return test.cluster.authenticate((await test.join(changes)).answer.tls);
}

describe('profiles.md "order of checks at a join"', () => {
  const text = (major: string): string =>
    major === "14" || major === "15"
      ? "IDToken not provided for Github join request"
      : '"" can not join the cluster with role "Bot", token expired or not found';
  it.each(majors)("profile %s: an expired token without an ID token", async (major) => {
    const test = await createTestCluster(major);
    await expect(test.join({ token: "expired", id_token: "" })).rejects.toThrow(text(major));
  });
});

describe('profiles.md "bot key at join"', () => {
  it.each(row("ssh", "ssh", "ssh", "tls", "tls"))(
    "profile %s: X.509 for the %s key",
    async (major, which) => {
      const test = await createTestCluster(major);
      const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
      const { x509 } = await test.join({ public_tls_key: keyForms(other).tls.toString("base64") });
      expect(x509.publicKey.equals(which === "ssh" ? clientKey : other)).toBe(true);
    },
  );
});

describe('profiles.md "GenerateUserCerts keys"', () => {
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
  const keyOf = (certs: Certs): string => {
    if (certs.tls.length === 0) return "none";
    const key = createPublicKey(
      new X509Certificate(certs.tls).publicKey.export({ type: "spki", format: "pem" }),
    );
    return key.equals(other) ? "1" : "22 and 23";
  };
  const { ssh, tls } = keyForms(clientKey);
  const all = { publicKey: keyForms(other).ssh, sshPublicKey: ssh, tlsPublicKey: tls };

  it.each(row("1", "1", "1", "1", "22 and 23"))(
    "profile %s: of 1, 22 and 23 together, %s count",
    async (major, used) => {
      const test = await createTestCluster(major);
      expect(keyOf(issue(test, await botOf(test), { ...all, roleRequests: ["ssh-access"] }))).toBe(used);
    },
  );

  it.each(row("refused", "refused", "refused", "22 and 23", "22 and 23"))(
    "profile %s: only 22 and 23: %s",
    async (major, outcome) => {
      const test = await createTestCluster(major);
      const bot = await botOf(test);
      const call = () =>
        issue(test, bot, { sshPublicKey: ssh, tlsPublicKey: tls, roleRequests: ["ssh-access"] });
      if (outcome === "refused") await expectRefusal(call, "untyped", "ssh: no key found");
      else expect(keyOf(call())).toBe(outcome);
    },
  );
});

describe('profiles.md "default suite, CA keys"', () => {
  it.each(row("rsa rsa", "rsa rsa", "rsa rsa", "ed25519 ec", "ed25519 ec"))(
    "profile %s: %s",
    async (major, kinds) => {
      const { host, user } = (await createTestCluster(major)).cluster.authorities;
      for (const { sshPublicKey, tlsCertificatePem } of [host, user]) {
        const tls = new X509Certificate(tlsCertificatePem).publicKey;
        const ssh = parsePublicKey(sshPublicKey);
        expect(`${ssh.asymmetricKeyType} ${tls.asymmetricKeyType}`).toBe(kinds);
      }
    },
  );
});

describe('profiles.md "db_client CA"', () => {
  it.each(row(false, true, true, true, true))("profile %s: %s", (major, present) => {
    expect(profiles[major].authorityTypes.includes("db_client")).toBe(present);
  });
});

describe('profiles.md "bot instances"', () => {
  it.each(row(false, false, true, true, true))(
    "profile %s names one in certificates: %s",
    async (major, named) => {
      const test = await createTestCluster(major);
      const identity = readTeleportIdentity((await test.join()).answer.tls);
      expect(identity.botInstanceId !== undefined).toBe(named);
      expect(identity.generation).toBe(named ? 1 : undefined);
    },
  );
});

describe('profiles.md "generation mismatch (method token)"', () => {
  const numbers = "stored=2, presented=1";
  const withInstance = `cert generation mismatch for bot robot/ID: ${numbers}`;
  it.each(
    row<[string, string]>(
      ["User", `renewable cert generation mismatch: ${numbers}`],
      ["User", `renewable cert generation mismatch: ${numbers}`],
      ["User", `renewable ${withInstance}`],
      ["User", `renewable ${withInstance}`],
      ["BotInstanceID", withInstance],
    ),
  )("profile %s: %s", async (major, [target, text]) => {
    const test = await createTestCluster(major);
    const { answer } = await test.join({ token: secretToken });
    const bot = test.cluster.authenticate(answer.tls);
    const { ssh, tls } = keyForms(clientKey);
    const renew = () => issue(test, bot, { publicKey: ssh, sshPublicKey: ssh, tlsPublicKey: tls });
    expect(readTeleportIdentity(Buffer.from(renew().tls).toString())).toMatchObject({
      generation: 2,
      renewable: true,
    });
    const id = readTeleportIdentity(answer.tls).botInstanceId ?? "";
    await expectRefusal(renew, "access-denied", text.replace("ID", id));
    expect(test.events.at(-1)).toMatchObject({ type: "lock", target: expect.stringMatching(`^${target}:`) });
    expect(() => test.cluster.authenticate(answer.tls)).toThrow("access denied");
  });
});

describe("bot-instance.md section 2", () => {
  it.each(["16", "17", "18"] as const)(
    "profile %s: a renewable identity without a generation",
    async (major) => {
      const test = await createTestCluster(major);
      const bot = test.cluster.authenticate((await test.join({ token: secretToken })).answer.tls);
      if (bot.kind !== "user") throw new Error("not a user");
      const { generation: _, ...without } = bot;
      const { ssh, tls } = keyForms(clientKey);
      await expectRefusal(
        () => issue(test, without, { publicKey: ssh, sshPublicKey: ssh, tlsPublicKey: tls }),
        "access-denied",
        "a current identity generation must be provided",
      );
    },
  );
});

describe('profiles.md "client version too old"', () => {
  it.each(row(false, false, false, true, true))("profile %s refuses 1.0.0: %s", (major, refused) => {
    const { oldestClientMajor } = profiles[major];
    const text = refused ? "client version is unsupported" : undefined;
    expect(clientVersionRefusal("1.0.0", oldestClientMajor)).toBe(text);
    expect(clientVersionRefusal(undefined, oldestClientMajor)).toBeUndefined();
    expect(clientVersionRefusal(profiles[major].serverVersion, oldestClientMajor)).toBeUndefined();
  });
});

describe("join.md section 1.2: keys of the web API", () => {
  it.each(
    row(
      { assist: true, dial: false, suite: undefined, edition: undefined },
      { assist: false, dial: true, suite: undefined, edition: undefined },
      { assist: false, dial: true, suite: undefined, edition: undefined },
      { assist: false, dial: true, suite: 2, edition: "community" },
      { assist: false, dial: true, suite: 2, edition: "community" },
    ),
  )("profile %s: %o", (major, expected) => {
    const options = {
      clusterName: "bot.test",
      profile: profiles[major],
      publicAddress: "proxy.bot.test:443",
      listenAddress: "127.0.0.1:443",
      rsaOnly: false,
      enterprise: false,
    };
    const find = findBody(options) as { auth: object; proxy: { ssh: object } };
    expect("assist_enabled" in find.proxy).toBe(expected.assist);
    expect("dial_timeout" in find.proxy.ssh).toBe(expected.dial);
    expect("signature_algorithm_suite" in find.auth ? find.auth.signature_algorithm_suite : undefined).toBe(
      expected.suite,
    );
    expect(find).toMatchObject({
      server_version: profiles[major].serverVersion,
      min_client_version: `${Number(major) - 1}.0.0`,
    });
    expect("edition" in find ? find.edition : undefined).toBe(expected.edition);
    expect("device_trust_disabled" in (pingBody(options)["auth"] as object)).toBe(major === "14");
  });
});
