import { X509Certificate } from "node:crypto";
import {
  type Emulator,
  type PlatformJoinMethod,
  platformClaims,
  platforms,
  type ServerMajor,
} from "@bot-join/emulator";
import { parseResources } from "@bot-join/resources";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { platformTokens, startTestEmulator } from "../support/emulator.ts";
import { rawJoin, rawJoinRequest, rawKey, readRawIdentity } from "../support/raw-client.ts";
import { targetOf } from "./joined.ts";

const methods = Object.keys(platformTokens) as PlatformJoinMethod[];

async function joinBy(
  emulator: Emulator,
  method: PlatformJoinMethod,
  claims: Record<string, unknown> = {},
): Promise<[number, string]> {
  const idToken = await emulator.issuer(platforms[method].issuer).sign(platformClaims(method, claims));
  const key = rawKey();
  const request = rawJoinRequest(key, { token: method, id_token: idToken });
  const answer = await rawJoin(targetOf(emulator), request);
  if (answer.status !== 200) {
    return [answer.status, (JSON.parse(answer.body) as { error: { message: string } }).error.message];
  }
  return [200, new X509Certificate(readRawIdentity(key, answer).tls).subject];
}

describe("an ID token of each platform, in version 18", () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startTestEmulator({ version: "18" });
    emulator.addResources(parseResources(Object.values(platformTokens).join("---\n"), "platformTokens"));
  });
  afterAll(() => emulator[Symbol.asyncDispose]());

  it.each(methods)("%s joins", async (method) => {
    const [status, subject] = await joinBy(emulator, method);
    expect([status, subject]).toEqual([200, expect.stringContaining("CN=bot-robot")]);
  });

  it.each<[PlatformJoinMethod, Record<string, unknown>, string]>([
    ["github", { environment: "dev" }, "id token claims did not match any allow rules"],
    ["gitlab", { ref_protected: "false" }, "id token claims did not match any allow rules"],
    ["circleci", { "oidc.circleci.com/context-ids": [] }, "id token claims did not match any allow rules"],
    ["bitbucket", { branchName: "dev" }, "id token claims did not match any allow rules"],
    ["spacelift", { scope: "read" }, "id token claims did not match any allow rules"],
    ["azure_devops", { sub: "p://acme/platform/x" }, "id token claims failed to match any allow rules"],
    ["terraform_cloud", { terraform_run_phase: "plan" }, "id token claims did not match any allow rules"],
    [
      "kubernetes",
      { sub: "system:serviceaccount:ci:other" },
      "kubernetes token did not match any allow rules",
    ],
    [
      "gcp",
      { google: { compute_engine: { project_id: "x", zone: "us-west1-b" } } },
      "id token claims did not match any allow rules",
    ],
  ])("%s is refused with claims that no rule fits", async (method, claims, message) => {
    expect(await joinBy(emulator, method, claims)).toEqual([403, message]);
  });

  it.each(methods)(
    "%s is refused for another audience, by another key, from another issuer",
    async (method) => {
      expect((await joinBy(emulator, method, { aud: "elsewhere", azp: undefined }))[1]).toContain(
        "audience is not valid: Audience must contain client_id",
      );
      expect((await joinBy(emulator, method, { iss: "https://issuer.invalid" }))[1]).toContain(
        "issuer does not match: Expected: ",
      );
      const issuer = emulator.issuer(platforms[method].issuer);
      const request = async (signature: "foreign-key" | "unknown-kid"): Promise<string> => {
        const idToken = await issuer.sign(platformClaims(method), { signature });
        return (
          await rawJoin(targetOf(emulator), rawJoinRequest(rawKey(), { token: method, id_token: idToken }))
        ).body;
      };
      expect(await request("foreign-key")).toContain("invalid signature (");
      expect(await request("unknown-kid")).toContain("invalid signature (");
      const before = await issuer.sign(platformClaims(method));
      await issuer.rotate({ withdraw: true });
      const { body } = await rawJoin(
        targetOf(emulator),
        rawJoinRequest(rawKey(), { token: method, id_token: before }),
      );
      expect(body).toContain("invalid signature (");
      expect((await joinBy(emulator, method))[0]).toBe(200);
      issuer.setDiscoveredName("https://issuer.invalid");
      expect((await joinBy(emulator, method))[1]).toContain(
        "issuer did not match the issuer returned by provider",
      );
      issuer.setDiscoveredName(undefined);
    },
  );

  it("Azure DevOps organisations share their keys", async () => {
    const other = emulator.issuer("https://vstoken.dev.azure.com/other");
    const claims = platformClaims("azure_devops", { iss: platforms.azure_devops.issuer });
    const request = rawJoinRequest(rawKey(), { token: "azure_devops", id_token: await other.sign(claims) });
    expect((await rawJoin(targetOf(emulator), request)).status).toBe(200);
  });

  it("GCP's azp is not compared with the audience (id-tokens.md section 1.3)", async () => {
    expect((await joinBy(emulator, "gcp", { azp: "somebody" }))[0]).toBe(200);
    expect((await joinBy(emulator, "spacelift", { azp: "somebody" }))[1]).toContain(
      "authorized party is not valid",
    );
  });
});

describe('profiles.md "join methods of CI platforms": who takes a token of the method', () => {
  const since: Partial<Record<PlatformJoinMethod, number>> = {
    bitbucket: 16,
    terraform_cloud: 16,
    azure_devops: 17,
    kubernetes: 18,
  };
  it.each<ServerMajor>(["14", "15", "16", "17"])("profile %s", async (version) => {
    await using emulator = await startTestEmulator({ version });
    for (const method of methods) {
      const add = (): void => emulator.addResources(parseResources(platformTokens[method] ?? "", method));
      if ((since[method] ?? 14) <= Number(version)) {
        add();
        expect([method, (await joinBy(emulator, method))[0]]).toEqual([method, 200]);
      } else if (method === "kubernetes") {
        // The method is there, its type oidc is not.
        expect(add).toThrow(/spec\.kubernetes:\n\ttype: must be one of \(.*\), got "oidc"/);
      } else {
        expect(add).toThrow(`unknown join method "${method}"`);
        expect(await joinBy(emulator, method)).toEqual([
          403,
          expect.stringContaining("token expired or not found"),
        ]);
      }
    }
  });
});

/** A token document of one method's block. */
function tokenOf(name: string, method: string, block: object): ReturnType<typeof parseResources> {
  const spec = { roles: ["Bot"], bot_name: "robot", join_method: method, [method]: block };
  return parseResources(JSON.stringify({ kind: "token", version: "v2", metadata: { name }, spec }), name);
}

describe("static_jwks (id-tokens.md section 1.4)", () => {
  const rules: Record<string, object> = {
    github: { allow: [{ repository: "acme/shop" }] },
    gitlab: { domain: "gitlab.bot.test", allow: [{ project_path: "acme/shop" }] },
    kubernetes: { type: "static_jwks", allow: [{ service_account: "ci:deployer" }] },
  };
  const start = async (method: PlatformJoinMethod): Promise<Emulator> => {
    const emulator = await startTestEmulator({ version: "17" });
    const issuer = emulator.issuer(platforms[method].issuer);
    const jwks = await issuer.jwks();
    issuer.setReachable(false);
    const block = { ...rules[method], static_jwks: method === "kubernetes" ? { jwks } : jwks };
    emulator.addResources(tokenOf(method, method, block));
    return emulator;
  };

  it.each<PlatformJoinMethod>(["github", "gitlab", "kubernetes"])(
    "%s joins without any discovery, whatever the issuer; its key, audience and times count",
    async (method) => {
      await using emulator = await start(method);
      const seconds = Math.floor(Date.now() / 1000);
      expect((await joinBy(emulator, method, { iss: "https://anybody.invalid" }))[0]).toBe(200);
      expect((await joinBy(emulator, method, { exp: seconds - 8 }))[0]).toBe(200);
      expect((await joinBy(emulator, method, { exp: seconds - 15 }))[1]).toContain("token is expired (exp)");
      expect((await joinBy(emulator, method, { nbf: seconds + 30 }))[1]).toContain("not valid yet (nbf)");
      expect((await joinBy(emulator, method, { aud: "x" }))[1]).toContain("invalid audience claim (aud)");
      await emulator.issuer(platforms[method].issuer).rotate();
      expect((await joinBy(emulator, method))[1]).toContain("validating jwt signature\n");
    },
  );

  it("of Kubernetes takes tokens of at most 30 minutes that are bound to a pod (section 10)", async () => {
    await using emulator = await start("kubernetes");
    const seconds = Math.floor(Date.now() / 1000);
    const claims = (exp: number): Record<string, unknown> => ({ iat: seconds, exp: seconds + exp });
    expect((await joinBy(emulator, "kubernetes", claims(1800)))[0]).toBe(200);
    expect(await joinBy(emulator, "kubernetes", claims(1801))).toEqual([
      400,
      "static_jwks joining requires the use of a service account token with a TTL of less than 30m0s",
    ]);
    expect(await joinBy(emulator, "kubernetes", { "kubernetes.io": { namespace: "ci" } })).toEqual([
      400,
      "static_jwks joining requires the use of projected pod bound service account token",
    ]);
  });
});

describe("GitHub Enterprise (id-tokens.md section 2.2)", () => {
  it.each([
    [{ enterprise_slug: "acme" }, "https://token.actions.githubusercontent.com/acme"],
    [{ enterprise_server_host: "ghes.bot.test:8443" }, "https://ghes.bot.test:8443/_services/token"],
  ])("with %o an Enterprise build expects the issuer %s", async (block, issuer) => {
    const token = tokenOf("github", "github", { ...block, allow: [{ repository: "acme/shop" }] });
    await using emulator = await startTestEmulator({ version: "17", enterprise: true });
    emulator.addResources(token);
    const idToken = await emulator.issuer(issuer).sign(platformClaims("github"));
    const request = rawJoinRequest(rawKey(), { token: "github", id_token: idToken });
    expect((await rawJoin(targetOf(emulator), request)).status).toBe(200);
    expect((await joinBy(emulator, "github"))[1]).toContain(
      `issuer does not match: Expected: ${issuer}, got: `,
    );

    await using community = await startTestEmulator({ version: "17" });
    expect(() => community.addResources(token)).toThrow("this feature requires Teleport Enterprise");
  });
});

describe("methods that this endpoint does not serve", () => {
  it.each([
    ["iam", "allow: [{aws_account: '1'}]", "this token is only valid for the iam join method"],
    ["ec2", "allow: [{aws_account: '1'}]", 'unsupported join method "ec2" for bot'],
    ["azure", "azure: {allow: [{subscription: s}]}", "this token is only valid for the azure join method"],
    ["tpm", "tpm: {allow: [{ek_public_hash: h}]}", "this token is only valid for the tpm join method"],
    [
      "oracle",
      "oracle: {allow: [{tenancy: ocid1.tenancy.oc1..a}]}",
      "this token is only valid for the oracle join method",
    ],
    [
      "env0",
      "env0: {allow: [{organization_id: o, project_id: p}]}",
      "this token is only valid for the env0 join method",
    ],
    [
      "bound_keypair",
      "bound_keypair: {onboarding: {registration_secret: s}}",
      "this token is only valid for the bound_keypair join method",
    ],
  ])("%s", async (method, block, message) => {
    await using emulator = await startTestEmulator({ enterprise: true });
    const text = `{kind: token, version: v2, metadata: {name: x}, spec: {roles: [Bot], bot_name: robot, join_method: ${method}, ${block}}}`;
    emulator.addResources(parseResources(text, method));
    const answer = await rawJoin(
      targetOf(emulator),
      rawJoinRequest(rawKey(), { token: "x", id_token: "x.y.z" }),
    );
    expect(JSON.parse(answer.body)).toEqual({ error: { message: expect.stringContaining(message) } });
  });

  it("kubernetes in_cluster: the server runs in no Kubernetes cluster", async () => {
    await using emulator = await startTestEmulator({ version: "14" });
    emulator.addResources(
      tokenOf("kubernetes", "kubernetes", { allow: [{ service_account: "ci:deployer" }] }),
    );
    expect(await joinBy(emulator, "kubernetes")).toEqual([
      500,
      expect.stringContaining("in-cluster configuration"),
    ]);
  });
});
