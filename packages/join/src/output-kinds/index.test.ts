import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { parseAuthorizedKey, signOpenSshCertificate } from "@bot-join/formats";
import { CertsSchema, type ListResourcesRequest, type UserCertsRequest } from "@bot-join/proto";
import { fromBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { createKeyPair, type KeyPair } from "../key-pair.ts";
import type { OutputRequest } from "../output-request.ts";
import { type TestServer, testContext } from "../testing/issue-context.ts";
import { recordedCalls, recordedOutputKey, recordedResponse } from "../testing/recorded.ts";
import { issueOutput } from "./index.ts";

const versions = ["14.2.0", "15.4.0", "16.5.0", "17.7.0", "18.4.1"] as const;
const key = recordedOutputKey();
const base = {
  label: "the output",
  roles: [],
  expires: new Date("2026-11-22T05:31:50Z"),
  keyPair: key,
};

/** A server with one resource of every kind, which notes what certificates it was asked for. */
function server(version: string, members: Partial<TestServer> = {}) {
  const requests: UserCertsRequest[] = [];
  const listed: ListResourcesRequest[] = [];
  const bot = {
    generateUserCerts(request: UserCertsRequest) {
      requests.push(request);
      if (request.kubernetesCluster === "eu") {
        throw new ConnectError(recordedCalls["certs unknown kube"]?.message ?? "", Code.InvalidArgument);
      }
      return fromBinary(CertsSchema, recordedResponse("certs fields 1, 22 and 23 (v17 recipe)"));
    },
  };
  const impersonated = {
    listResources(request: ListResourcesRequest) {
      listed.push(request);
      return { resources: all.filter(({ type }) => type === request.resourceType) };
    },
    createAppSession: () => "0123abcd",
    getAppSession() {},
    ...members.impersonated,
  };
  return { requests, listed, ...testContext({ version, bot, ...members, impersonated }) };
}

const metadata = (name: string, labels: Record<string, string> = {}) => ({ name, labels });
const all = [
  {
    type: "db_server",
    resource: {
      case: "databaseServer" as const,
      value: { spec: { database: { metadata: metadata("orders"), spec: { protocol: "postgres" } } } },
    },
  },
  {
    type: "db_server",
    resource: {
      case: "databaseServer" as const,
      value: { spec: { database: { metadata: metadata("cache"), spec: { protocol: "redis" } } } },
    },
  },
  {
    type: "app_server",
    resource: {
      case: "appServer" as const,
      value: {
        spec: {
          app: { metadata: metadata("grafana"), spec: { publicAddr: "grafana.bot.test", uri: "http://g" } },
        },
      },
    },
  },
  ...["prod-us", "prod-eu"].map((name) => ({
    type: "kube_server",
    resource: {
      case: "kubernetesServer" as const,
      value: {
        spec: {
          cluster: {
            metadata: metadata(name, { "teleport.internal/discovered-name": name.replace("prod-", "") }),
          },
        },
      },
    },
  })),
];

describe.each(versions)("Teleport %s", (version) => {
  test.each<[output: OutputRequest, requests: object[]]>([
    [{ ...base, type: "identity", cluster: undefined, allowReissue: false }, [{ routeToCluster: "" }]],
    [
      { ...base, type: "identity", cluster: "leaf.test", allowReissue: true },
      [{ routeToCluster: "leaf.test", reissuableRoleImpersonation: true }],
    ],
    [
      { ...base, type: "database", service: "orders", database: "shop", username: "deploy" },
      [
        {
          routeToDatabase: {
            serviceName: "orders",
            protocol: "postgres",
            username: "deploy",
            database: "shop",
          },
        },
      ],
    ],
    [
      { ...base, type: "database", service: "cache", database: "", username: "" },
      [{ routeToDatabase: { serviceName: "cache", protocol: "redis", username: "default" } }],
    ],
    [{ ...base, type: "kubernetes", kubernetesCluster: "prod-us" }, [{ kubernetesCluster: "prod-us" }]],
    [
      { ...base, type: "kubernetes", kubernetesCluster: "eu" },
      [{ kubernetesCluster: "eu" }, { kubernetesCluster: "prod-eu" }],
    ],
    [{ ...base, type: "kubernetes/v2", selectors: [{ name: "us" }] }, [{ kubernetesCluster: "" }]],
  ])("asks for %j", async (output, expected) => {
    const { context, requests } = server(version);
    const issued = await issueOutput(context, output);
    expect(requests).toMatchObject(expected.map((one) => ({ ...one, roleRequests: ["ssh-access"] })));
    expect(issued).toMatchObject({ type: output.type, notAfter: expect.any(Date) });
  });

  test("an application's session is made by whoever has to", async () => {
    const { context, requests, impersonated } = server(version);
    await issueOutput(context, { ...base, type: "application", appName: "grafana" });
    const makesSession = Number.parseInt(version, 10) < 16;
    expect(impersonated).toEqual([
      "session with ssh-access",
      "ListResources app_server",
      ...(makesSession ? ["CreateAppSession", "GetAppSession"] : []),
    ]);
    expect(requests).toMatchObject([
      {
        routeToApp: {
          name: "grafana",
          publicAddr: "grafana.bot.test",
          clusterName: "bot.test",
          uri: "http://g",
          sessionId: makesSession ? "0123abcd" : "",
        },
      },
    ]);
  });
});

test("a session is waited for until the servers know it, and no longer than five seconds", async () => {
  let lookups = 0;
  const getAppSession = (): void => {
    lookups++;
    if (lookups < 4) throw new ConnectError("not there yet", Code.NotFound);
  };
  const output: OutputRequest = { ...base, type: "application", appName: "grafana" };
  const late = server("14.2.0", { impersonated: { getAppSession } });
  await issueOutput(late.context, output);
  expect(late.waits).toEqual([250, 250, 250]);
  lookups = -100;
  const never = server("14.2.0", { impersonated: { getAppSession } });
  await expect(issueOutput(never.context, output)).rejects.toThrow("not there yet");
  expect(never.waits).toHaveLength(19);
});

describe("kubernetes", () => {
  const refusing = {
    generateUserCerts({ kubernetesCluster }: UserCertsRequest) {
      if (kubernetesCluster !== "" && kubernetesCluster !== "prod-eu")
        throw new ConnectError("other words of another release", Code.NotFound);
      return fromBinary(CertsSchema, recordedResponse("certs fields 1, 22 and 23 (v17 recipe)"));
    },
  };

  test("a name that the server refuses is looked up, whatever it says", async () => {
    const { context } = server("18.4.1", { bot: refusing });
    const output: OutputRequest = { ...base, type: "kubernetes", kubernetesCluster: "eu" };
    expect(await issueOutput(context, output)).toMatchObject({ kubernetesCluster: "prod-eu" });
    await expect(issueOutput(context, { ...output, kubernetesCluster: "ue" })).rejects.toMatchObject({
      code: "ERR_JOIN_RESOURCE_NOT_FOUND",
      details: { names: ["prod-eu", "prod-us"] },
    });
  });

  test("the refusal of a name that is right is told", async () => {
    const { context } = server("18.4.1", { bot: refusing });
    const output: OutputRequest = { ...base, type: "kubernetes", kubernetesCluster: "prod-us" };
    await expect(issueOutput(context, output)).rejects.toThrow("other words of another release");
  });
});

describe("kubernetes/v2", () => {
  test("clusters come in the order of the selectors, each once, with the first one's namespace", async () => {
    const { context, listed } = server("18.4.1");
    const issued = await issueOutput(context, {
      ...base,
      type: "kubernetes/v2",
      selectors: [{ name: "us" }, { labels: { env: "prod" }, defaultNamespace: "shop" }],
    });
    expect(issued).toMatchObject({
      kubernetesClusters: [
        { name: "prod-us", defaultNamespace: undefined },
        { name: "prod-eu", defaultNamespace: "shop" },
      ],
    });
    expect(listed.map(({ labels }) => labels)).toEqual([{}, { env: "prod" }]);
  });

  test("nothing picked", async () => {
    const { context } = server("18.4.1", {
      impersonated: {
        listResources: ({ labels }) => ({ resources: Object.keys(labels).length > 0 ? [] : all }),
      },
    });
    const selectors = [{ labels: { env: "none" } }];
    await expect(issueOutput(context, { ...base, type: "kubernetes/v2", selectors })).rejects.toMatchObject({
      code: "ERR_JOIN_RESOURCE_NOT_FOUND",
      message: expect.stringContaining('none has the labels {"env":"none"}; there are: prod-eu, prod-us.'),
    });
  });
});

describe("ssh_host", () => {
  const authority = generateKeyPairSync("ed25519").privateKey;
  const output: OutputRequest = { ...base, type: "ssh_host", principals: ["web.bot.test"] };

  function certificate(line: string, kind: "user" | "host" = "host"): string {
    return `${signOpenSshCertificate(
      {
        publicKey: parseAuthorizedKey(line).blob,
        serial: 0n,
        kind,
        keyId: "",
        principals: ["web.bot.test"],
        validAfter: 0n,
        validBefore: 1_795_325_510n,
        criticalOptions: {},
        extensions: {},
      },
      createPrivateKey(authority.export({ type: "pkcs8", format: "pem" })),
    )}\n`;
  }

  const overGrpc = { impersonated: { generateHostCert: () => certificate(key.publicKeyLine) } };
  const overHttp = {
    http: () => ({ status: 200, headers: {}, body: JSON.stringify(certificate(key.publicKeyLine)) }),
  };

  test.each([
    ["14.2.0", overHttp, [], ["/v2/ca/host/certs"]],
    ["14.2.0", overGrpc, ["GenerateHostCert"], ["/v2/ca/host/certs"]],
    ["15.4.0", overGrpc, ["GenerateHostCert"], []],
    ["18.4.1", overGrpc, ["GenerateHostCert"], []],
    ["15.0.0", overHttp, ["GenerateHostCert"], ["/v2/ca/host/certs"]],
  ])("Teleport %s", async (version, members, calls, paths) => {
    const { context, impersonated, posted } = server(version, members);
    expect(await issueOutput(context, output)).toMatchObject({
      type: "ssh_host",
      roles: ["ssh-access"],
      sshCertificate: expect.stringMatching(/^ecdsa-\S+ \S+\n$/),
      notAfter: new Date(1_795_325_510_000),
    });
    expect(impersonated).toEqual(["session with ssh-access", ...calls]);
    expect(Object.keys(posted)).toEqual(paths);
    for (const body of Object.values(posted)) {
      expect(body).toEqual({
        key: Buffer.from(`${key.publicKeyLine}\n`).toString("base64"),
        hostname: "",
        node_name: "",
        principals: ["web.bot.test"],
        auth_domain: "bot.test",
        roles: ["Node"],
        ttl: 3_600_000_000_000,
      });
    }
  });

  test.each<[string, string, Partial<TestServer>, object]>([
    [
      "a user certificate",
      "18.4.1",
      { impersonated: { generateHostCert: () => certificate(key.publicKeyLine, "user") } },
      { code: "ERR_JOIN_ANSWER_INVALID" },
    ],
    [
      "no certificate",
      "14.2.0",
      { http: () => ({ status: 200, headers: {}, body: "{" }) },
      { code: "ERR_JOIN_ANSWER_INVALID" },
    ],
    ["no such call at all", "18.4.1", {}, { code: "ERR_JOIN_ANSWER_INVALID" }],
    [
      "a role without the right, over gRPC",
      "18.4.1",
      {
        impersonated: {
          generateHostCert() {
            throw new ConnectError(
              'access denied to perform action "create" on "host_cert"',
              Code.PermissionDenied,
            );
          },
        },
      },
      { code: "ERR_JOIN_CERTIFICATES_REFUSED", kind: "denied", hint: expect.stringContaining("[host_cert]") },
    ],
    [
      "a role without the right, over HTTP",
      "14.2.0",
      {
        http: () => ({
          status: 403,
          headers: {},
          body: JSON.stringify({
            error: { message: 'access denied to perform action "create" on "host_cert"' },
          }),
        }),
      },
      {
        code: "ERR_JOIN_CERTIFICATES_REFUSED",
        kind: "denied",
        hint: expect.stringContaining("[host_cert]"),
        message: expect.stringContaining("(HTTP status 403)"),
      },
    ],
  ])("%s", async (_what, version, members, error) => {
    await expect(issueOutput(server(version, members).context, output)).rejects.toMatchObject(error);
  });

  test("a certificate for another key", async () => {
    const other: KeyPair = await createKeyPair("ecdsa-p256");
    const { context } = server("18.4.1", {
      impersonated: { generateHostCert: () => certificate(other.publicKeyLine) },
    });
    await expect(issueOutput(context, output)).rejects.toMatchObject({ code: "ERR_JOIN_ANSWER_INVALID" });
  });
});

describe("workload identities", () => {
  const jwt: OutputRequest = {
    ...base,
    type: "workload-identity-jwt",
    selector: { name: "api" },
    audiences: ["vault"],
  };
  const expiresAt = timestampFromDate(new Date("2026-11-22T05:00:00Z"));
  const credential = (name: string) => ({
    workloadIdentityName: name,
    spiffeId: `spiffe://bot.test/${name}`,
    expiresAt,
    credential: { case: "jwtSvid" as const, value: { jwt: `jwt of ${name}` } },
  });

  test("by name", async () => {
    const { context, impersonated } = server("18.4.1", {
      impersonated: {
        issueWorkloadIdentity: ({ name, credential: wanted, requestedTtl }) => {
          expect(wanted).toMatchObject({ case: "jwtSvidParams", value: { audiences: ["vault"] } });
          expect(requestedTtl?.seconds).toBe(3600n);
          return credential(name);
        },
      },
    });
    const issued = await issueOutput(context, jwt);
    expect(issued).toMatchObject({
      spiffeId: "spiffe://bot.test/api",
      notAfter: new Date("2026-11-22T05:00:00Z"),
    });
    expect("jwt" in issued && issued.jwt.reveal()).toBe("jwt of api");
    expect(impersonated).toEqual(["session with ssh-access", "IssueWorkloadIdentity"]);
  });

  const byLabels = { ...jwt, selector: { labels: { team: ["shop", "web"] } } };

  test.each([
    [["api"], undefined],
    [
      [],
      { code: "ERR_JOIN_RESOURCE_NOT_FOUND", message: expect.stringContaining('{"team":["shop","web"]}') },
    ],
    [["b", "a"], { code: "ERR_JOIN_RESOURCE_AMBIGUOUS", message: expect.stringContaining("a, b.") }],
  ])("by labels that pick %j", async (names, error) => {
    const { context } = server("17.7.0", {
      impersonated: {
        issueWorkloadIdentities: ({ labelSelectors }) => {
          expect(labelSelectors).toMatchObject([{ key: "team", values: ["shop", "web"] }]);
          return names.map(credential);
        },
      },
    });
    const issuing = issueOutput(context, byLabels);
    if (error === undefined) expect(await issuing).toMatchObject({ spiffeId: "spiffe://bot.test/api" });
    else await expect(issuing).rejects.toMatchObject(error);
  });

  test.each(["14.2.0", "16.5.0"])("Teleport %s has none", async (version) => {
    await expect(issueOutput(server(version).context, jwt)).rejects.toMatchObject({
      code: "ERR_JOIN_UNSUPPORTED",
      message: expect.stringContaining(`Teleport ${version}`),
    });
  });

  const x509: OutputRequest = {
    ...base,
    type: "workload-identity-x509",
    selector: { name: "api" },
  };

  test.each<[string, OutputRequest, object, string]>([
    ["another kind of credential", x509, credential("api"), "ERR_JOIN_ANSWER_INVALID"],
    [
      "no certificate",
      x509,
      { credential: { case: "x509Svid", value: { cert: Buffer.from("x") } } },
      "ERR_JOIN_ANSWER_INVALID",
    ],
    ["a JWT without an end", jwt, { ...credential("api"), expiresAt: undefined }, "ERR_JOIN_ANSWER_INVALID"],
  ])("%s", async (_what, output, answer, code) => {
    const { context } = server("18.4.1", { impersonated: { issueWorkloadIdentity: () => answer } });
    await expect(issueOutput(context, output)).rejects.toMatchObject({ code });
  });
});
