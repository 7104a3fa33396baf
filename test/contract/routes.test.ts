import { createPublicKey, verify, X509Certificate } from "node:crypto";
import type { Emulator } from "@bot-join/emulator";
import { parseOpenSshCertificate, readSubject, readTeleportIdentity } from "@bot-join/formats";
import {
  CertAuthorityV2Schema,
  CertUsage,
  type Credential,
  GenerateHostCertRequestSchema,
  GenerateHostCertResponseSchema,
  GetCertAuthorityRequestSchema,
  IssueWorkloadIdentitiesRequestSchema,
  IssueWorkloadIdentitiesResponseSchema,
  IssueWorkloadIdentityRequestSchema,
  IssueWorkloadIdentityResponseSchema,
} from "@bot-join/proto";
import { parseResources } from "@bot-join/resources";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEmulator, testResources } from "../support/emulator.ts";
import {
  authServerName,
  type RawGrpc,
  type RawIdentity,
  rawAuth,
  rawHttp,
  rawKey,
} from "../support/raw-client.ts";
import { askForOutput, type OutputRequest, rawOutput } from "../support/raw-output.ts";
import { joinRaw, targetOf } from "./joined.ts";

const documents = `
kind: kube_cluster
version: v3
metadata: {name: kc}
---
kind: remote_cluster
version: v3
metadata: {name: leaf.test}
---
kind: role
version: v7
metadata: {name: workloads}
spec: {allow: {workload_identity_labels: {team: shop}}}
---
kind: bot
version: v1
metadata: {name: robot}
spec: {roles: [ssh-access, deploy-only, workloads]}
---
kind: workload_identity
version: v1
metadata: {name: deployer, labels: {team: shop, tier: prod}}
spec:
  rules:
    allow:
    - conditions:
      - {attribute: join.github.repository, eq: {value: acme/shop}}
      - {attribute: user.is_bot, in: {values: ['true']}}
  spiffe:
    id: /ci/{{ join.github.repository }}/{{user.bot_name}}
    hint: deploy
    x509: {dns_sans: ['{{ user.bot_name }}.ci.test'], maximum_ttl: 30m}
---
kind: workload_identity
version: v1
metadata: {name: elsewhere, labels: {team: shop}}
spec:
  rules: {allow: [{conditions: [{attribute: join.github.repository, not_eq: {value: acme/shop}}]}]}
  spiffe: {id: /elsewhere}
---
kind: workload_identity
version: v1
metadata: {name: other-team, labels: {team: other}}
spec: {spiffe: {id: /other}}
---
kind: workload_identity
version: v1
metadata: {name: gitlab-only, labels: {team: shop, tier: none}}
spec: {spiffe: {id: '/{{ join.gitlab.project_path }}'}}
`;

type Version = "14" | "15" | "16" | "17" | "18";

function startCluster(version: Version): Promise<Emulator> {
  return startTestEmulator({
    version,
    resources: parseResources(`${testResources}---${documents}`, "test"),
  });
}

describe.each(["14", "16", "18"] as const)("what certificates are routed to, version %s", (version) => {
  let emulator: Emulator;
  let bot: RawIdentity;
  beforeAll(async () => {
    emulator = await startCluster(version);
    bot = await joinRaw(emulator);
  });
  afterAll(() => emulator[Symbol.asyncDispose]());

  const attributes = async (changes: OutputRequest): Promise<Record<string, string[] | undefined>> => {
    const output = await rawOutput(emulator, bot, { roleRequests: ["ssh-access"], ...changes });
    return readTeleportIdentity(output.tls).attributes;
  };

  it("a database, unchecked; an empty user writes no attribute (outputs.md section 7)", async () => {
    const route = { serviceName: "nope", protocol: "postgres", username: "", database: "shop" };
    const found = await attributes({ routeToDatabase: route });
    expect(found).toMatchObject({
      databaseService: ["nope"],
      databaseProtocol: ["postgres"],
      databaseName: ["shop"],
    });
    expect(found).not.toHaveProperty("databaseUser");
  });

  it("an application, unchecked; the session is the client's before 16 and the server's since", async () => {
    const route = { name: "nope", publicAddr: "nope.localhost", clusterName: "bot.test", sessionId: "mine" };
    const found = await attributes({ routeToApp: { ...route, awsRoleArn: "arn:aws:iam::1:role/x" } });
    expect(found).toMatchObject({
      appName: ["nope"],
      appPublicAddress: ["nope.localhost"],
      appClusterName: ["bot.test"],
      appAwsRoleArn: ["arn:aws:iam::1:role/x"],
      appSessionId: [version === "14" ? "mine" : expect.stringMatching(/^[0-9a-f]{64}$/)],
    });
  });

  it("a Kubernetes cluster: the one asked for, or the default; a leaf's is not looked up", async () => {
    expect(await attributes({})).toMatchObject({ kubernetesCluster: ["kc"] });
    const inLeaf = { routeToCluster: "leaf.test" };
    expect(await attributes({ ...inLeaf, kubernetesCluster: "theirs" })).toMatchObject({
      kubernetesCluster: ["theirs"],
    });
    expect(await attributes(inLeaf)).not.toHaveProperty("kubernetesCluster");
    const { answer } = await askForOutput(emulator, bot, {
      roleRequests: ["ssh-access"],
      kubernetesCluster: "nope",
    });
    expect(answer).toMatchObject({ status: 3, message: expect.stringContaining('"nope" is not registered') });
  });

  it("a leaf cluster, in both certificates", async () => {
    const output = await rawOutput(emulator, bot, {
      roleRequests: ["ssh-access"],
      routeToCluster: "leaf.test",
    });
    expect(readTeleportIdentity(output.tls)).toMatchObject({
      routeToCluster: "leaf.test",
      cluster: "bot.test",
    });
    expect(parseOpenSshCertificate(output.ssh).extensions).toMatchObject({
      "teleport-route-to-cluster": "leaf.test",
    });
  });

  it.each([
    [CertUsage.KUBERNETES, ["usage:kube"]],
    [CertUsage.DATABASE, ["usage:db"]],
    [CertUsage.APP, ["usage:apps"]],
    [CertUsage.WINDOWS_DESKTOP, ["usage:windows_desktop"]],
    [CertUsage.ALL, []],
  ])("the usage %s is a unit of the subject", async (usage, units) => {
    const { tls } = await rawOutput(emulator, bot, { roleRequests: ["ssh-access"], usage });
    const subject = readSubject(new X509Certificate(tls).raw);
    expect(subject.filter(({ oid }) => oid === "2.5.4.11").map(({ value }) => value)).toEqual(units);
  });
});

describe.each(["14", "15"] as const)(
  "host certificates of version %s (user-certs.md sections 2.7, 2.11, 3.3)",
  (version) => {
    const wanted = { principals: ["db.bot.test", "db"], role: "Node" };
    const key = rawKey();

    async function issue(
      emulator: Emulator,
      identity: RawIdentity,
    ): Promise<{ status: number; text: string }> {
      if (version === "14") {
        const body = {
          key: Buffer.from(key.publicKeyLine).toString("base64"),
          hostname: "",
          node_name: "",
          principals: wanted.principals,
          auth_domain: "bot.test",
          roles: [wanted.role],
          ttl: 3_600_000_000_000,
        };
        const answer = await rawHttp(
          { address: emulator.proxyAddress, ca: identity.tlsCaCerts[1] ?? "" },
          "POST",
          "/v2/ca/host/certs",
          {
            body: JSON.stringify(body),
            tls: {
              servername: authServerName("bot.test"),
              cert: identity.tls,
              key: identity.key.privateKeyPem,
            },
          },
        );
        const decoded = JSON.parse(answer.body) as string | { error: { message: string } };
        const text = typeof decoded === "string" ? decoded : decoded.error.message;
        return { status: answer.status === 200 ? 0 : answer.status, text };
      }
      using auth = await rawAuth(targetOf(emulator), "bot.test", identity);
      const request = create(GenerateHostCertRequestSchema, {
        key: Buffer.from(key.publicKeyLine),
        clusterName: "bot.test",
        ...wanted,
        ttl: durationFromMs(3_600_000),
      });
      const answer = await auth.unary(
        "/teleport.trust.v1.TrustService/GenerateHostCert",
        toBinary(GenerateHostCertRequestSchema, request),
      );
      const message = fromBinary(GenerateHostCertResponseSchema, answer.messages[0] ?? new Uint8Array());
      const text = answer.status === 0 ? Buffer.from(message.sshCertificate).toString() : answer.message;
      return { status: answer.status, text };
    }

    it("hold what was asked for, and only a role with host_cert: create gets them", async () => {
      await using emulator = await startCluster(version);
      const bot = await joinRaw(emulator);
      const output = await rawOutput(emulator, bot, { roleRequests: ["ssh-access"] });
      const { status, text } = await issue(emulator, output);
      expect(status).toBe(0);
      const certificate = parseOpenSshCertificate(text);
      expect(certificate).toMatchObject({
        kind: "host",
        serial: 0n,
        keyId: "",
        principals: wanted.principals,
        criticalOptions: {},
        extensions: { "x-teleport-authority": "bot.test", "x-teleport-role": "Node" },
      });
      expect(Number(certificate.validBefore - certificate.validAfter)).toBe(3660);
      const other = await rawOutput(emulator, bot, { roleRequests: ["deploy-only"] });
      expect(await issue(emulator, other)).toEqual({
        status: version === "14" ? 403 : 7,
        text: 'access denied to perform action "create" on "host_cert"',
      });
    });
  },
);

it("version 14 has no RPC for host certificates", async () => {
  await using emulator = await startCluster("14");
  using auth = await rawAuth(targetOf(emulator), "bot.test", await joinRaw(emulator));
  expect(
    await auth.unary("/teleport.trust.v1.TrustService/GenerateHostCert", new Uint8Array()),
  ).toMatchObject({
    status: 12,
    message: "unknown method GenerateHostCert for service teleport.trust.v1.TrustService",
  });
});

describe.each(["17", "18"] as const)(
  "workload identities of version %s (user-certs.md section 2.10)",
  (version) => {
    let emulator: Emulator;
    let auth: RawGrpc;
    const key = rawKey();
    const publicKey = createPublicKey(key.publicKeyPem).export({ type: "spki", format: "der" });
    beforeAll(async () => {
      emulator = await startCluster(version);
      const output = await rawOutput(emulator, await joinRaw(emulator), { roleRequests: ["workloads"] });
      auth = await rawAuth(targetOf(emulator), "bot.test", output);
    });
    afterAll(async () => {
      auth[Symbol.dispose]();
      await emulator[Symbol.asyncDispose]();
    });

    const service = "/teleport.workloadidentity.v1.WorkloadIdentityIssuanceService";
    const x509 = { case: "x509SvidParams", value: { publicKey } } as const;

    async function issue(
      changes: MessageInitShape<typeof IssueWorkloadIdentityRequestSchema>,
    ): Promise<{ status: number; message: string; credential: Credential | undefined }> {
      const request = create(IssueWorkloadIdentityRequestSchema, {
        name: "deployer",
        credential: x509,
        ...changes,
      });
      const answer = await auth.unary(
        `${service}/IssueWorkloadIdentity`,
        toBinary(IssueWorkloadIdentityRequestSchema, request),
      );
      const bytes = answer.messages[0] ?? new Uint8Array();
      const { credential } = fromBinary(IssueWorkloadIdentityResponseSchema, bytes);
      return { status: answer.status, message: answer.message, credential };
    }

    async function spiffeAuthority(): Promise<{ certificate: X509Certificate; jwtKey: string }> {
      const request = create(GetCertAuthorityRequestSchema, { type: "spiffe", domain: "bot.test" });
      const answer = await auth.unary(
        "/teleport.trust.v1.TrustService/GetCertAuthority",
        toBinary(GetCertAuthorityRequestSchema, request),
      );
      const { spec } = fromBinary(CertAuthorityV2Schema, answer.messages[0] ?? new Uint8Array());
      return {
        certificate: new X509Certificate(spec?.activeKeys?.tls[0]?.cert ?? new Uint8Array()),
        jwtKey: Buffer.from(spec?.activeKeys?.jwt[0]?.publicKey ?? new Uint8Array()).toString(),
      };
    }

    it("an X.509 SVID is of the SPIFFE authority and says who it is by its names", async () => {
      const { credential } = await issue({ requestedTtl: durationFromMs(7_200_000) });
      expect(credential).toMatchObject({
        hint: "deploy",
        workloadIdentityName: "deployer",
        spiffeId: "spiffe://bot.test/ci/acme/shop/robot",
        ttl: { seconds: 1800n },
      });
      if (credential?.credential.case !== "x509Svid") throw new Error("no X.509 SVID");
      const certificate = new X509Certificate(credential.credential.value.cert);
      const authority = (await spiffeAuthority()).certificate;
      expect(certificate.checkIssued(authority) && certificate.verify(authority.publicKey)).toBe(true);
      expect(certificate.subjectAltName).toBe("DNS:robot.ci.test, URI:spiffe://bot.test/ci/acme/shop/robot");
      expect(certificate.subject ?? "").toBe("");
      expect(credential.credential.value.serialNumber.replaceAll(":", "")).toBe(
        certificate.serialNumber.toLowerCase(),
      );
      expect(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)).toBe(31 * 60_000);
    });

    it("a JWT SVID verifies with the SPIFFE authority's key", async () => {
      const { credential } = await issue({
        credential: { case: "jwtSvidParams", value: { audiences: ["a", "b"] } },
      });
      if (credential?.credential.case !== "jwtSvid") throw new Error("no JWT SVID");
      const { jwt, jti } = credential.credential.value;
      const [header = "", claims = "", signature = ""] = jwt.split(".");
      const key = { key: (await spiffeAuthority()).jwtKey, dsaEncoding: "ieee-p1363" } as const;
      const signed = Buffer.from(`${header}.${claims}`);
      expect(verify("sha256", signed, key, Buffer.from(signature, "base64url"))).toBe(true);
      const decode = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString());
      expect(decode(header)).toMatchObject({ alg: "ES256", typ: "JWT" });
      expect(decode(claims)).toMatchObject({
        jti,
        sub: "spiffe://bot.test/ci/acme/shop/robot",
        aud: ["a", "b"],
        iss: `https://${emulator.proxyAddress}/workload-identity`,
      });
    });

    it.each([
      ["an unknown one", { name: "nope" }, 5, 'workload_identity "nope" doesn\'t exist'],
      ["one of other labels", { name: "other-team" }, 7, "no role gives access"],
      ["one whose rules do not admit the join", { name: "elsewhere" }, 7, "no rule of the workload identity"],
      [
        "a template without its attribute",
        { name: "gitlab-only" },
        3,
        "attribute join.gitlab.project_path is not set",
      ],
      ["no name", { name: "" }, 3, "name: is required"],
      ["a key that is none", { credential: { case: "x509SvidParams", value: {} } }, 3, "parsing public key"],
      ["no audience", { credential: { case: "jwtSvidParams", value: {} } }, 3, "audiences: at least one"],
      ["no credential", { credential: { case: undefined } }, 3, "at least one credential type"],
    ] as const)("refuses %s", async (_what, changes, status, message) => {
      expect(await issue(changes)).toMatchObject({ status, message: expect.stringContaining(message) });
    });

    it("by labels come those that roles and rules admit", async () => {
      const byLabels = async (key: string, values: string[]): Promise<string[]> => {
        const request = create(IssueWorkloadIdentitiesRequestSchema, {
          labelSelectors: [{ key, values }],
          credential: x509,
        });
        const answer = await auth.unary(
          `${service}/IssueWorkloadIdentities`,
          toBinary(IssueWorkloadIdentitiesRequestSchema, request),
        );
        const bytes = answer.messages[0] ?? new Uint8Array();
        const { credentials } = fromBinary(IssueWorkloadIdentitiesResponseSchema, bytes);
        return credentials.map(({ workloadIdentityName }) => workloadIdentityName);
      };
      expect(await byLabels("tier", ["prod", "dev"])).toEqual(["deployer"]);
      expect(await byLabels("tier", ["dev"])).toEqual([]);
    });
  },
);

it("versions before 17 have no workload identities", async () => {
  await using emulator = await startCluster("16");
  using auth = await rawAuth(targetOf(emulator), "bot.test", await joinRaw(emulator));
  const service = "teleport.workloadidentity.v1.WorkloadIdentityIssuanceService";
  expect(await auth.unary(`/${service}/IssueWorkloadIdentity`, new Uint8Array())).toMatchObject({
    status: 12,
    message: `unknown service ${service}`,
  });
});
