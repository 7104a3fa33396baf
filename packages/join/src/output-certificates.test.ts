import { encodePublicKey, formatAuthorizedKey } from "@bot-join/formats";
import {
  CertsSchema,
  GetCertAuthoritiesResponseSchema,
  PingResponseSchema,
  RoleV6Schema,
  type UserCertsRequest,
  UserCertsRequestSchema,
} from "@bot-join/proto";
import { fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { Code, ConnectError } from "@connectrpc/connect";
import { beforeAll, describe, expect, test } from "vitest";
import { createKeyPair, type KeyPair } from "./key-pair.ts";
import { type IssueOptions, issueOutputs } from "./output-certificates.ts";
import type { OutputRequestOf } from "./output-request.ts";
import { issueOptions } from "./testing/issue-options.ts";
import { recordedBot, recordedCalls, recordedOutputKey, recordedResponse } from "./testing/recorded.ts";
import { type AuthAnswers, memorySession } from "./testing/session.ts";

const key = recordedOutputKey();
const bot = recordedBot();
const expires = new Date("2026-11-22T05:31:50Z");

function recorded<T extends Message>(schema: GenMessage<T>, name: string): T {
  return fromBinary(schema, recordedResponse(name));
}

/** A server that answers as the recorded one did. */
const real = {
  ping: () => recorded(PingResponseSchema, "Ping"),
  getRole: () => recorded(RoleV6Schema, "GetRole own"),
  getCertAuthorities: (type: string) =>
    recorded(GetCertAuthoritiesResponseSchema, `GetCertAuthorities ${type}`).certAuthoritiesV2,
  generateUserCerts: () => recorded(CertsSchema, "certs fields 1, 22 and 23 (v17 recipe)"),
} satisfies AuthAnswers;

type IdentityRequest = OutputRequestOf<"identity">;

function output(members: Partial<IdentityRequest> = {}): IdentityRequest {
  return {
    type: "identity",
    label: "the identity output in /out",
    roles: [],
    expires,
    cluster: undefined,
    allowReissue: false,
    keyPair: key,
    ...members,
  };
}

function issue(answers: AuthAnswers, outputs: IdentityRequest[], options: Partial<IssueOptions> = {}) {
  return issueOutputs(memorySession(answers).session, issueOptions({ outputs, ...options }));
}

/** Numbers of the fields that a message holds, in order. */
function fieldsOf(request: UserCertsRequest): number[] {
  const present = UserCertsRequestSchema.fields.filter((field) => {
    const value = request[field.localName as keyof UserCertsRequest] as unknown;
    return (
      value !== undefined &&
      value !== "" &&
      value !== false &&
      value !== 0 &&
      (value as { length?: number }).length !== 0
    );
  });
  return present.map(({ number }) => number).sort((a, b) => a - b);
}

describe("issueOutputs", () => {
  test("reads what a real cluster answered", async () => {
    const issued = await issue(real, [output()]);
    expect(issued).toMatchObject({
      serverVersion: "14.2.0",
      proxyPublicAddress: "proxy.bot.test:3443",
      outputs: [
        {
          type: "identity",
          certificates: {
            privateKeyPem: key.privateKeyPem,
            publicKeyLine: key.publicKeyLine,
            sshCertificate: expect.stringMatching(/^ecdsa-sha2-nistp256-cert-v01@openssh\.com \S+\n$/),
            tlsCertificate: expect.stringMatching(/^-----BEGIN CERTIFICATE-----\n/),
            identity: {
              cluster: "bot.test",
              impersonator: "bot-robot",
              disallowReissue: true,
              usableLogins: ["root", "deploy"],
            },
          },
        },
      ],
    });
    expect([...(issued.outputs[0]?.roles ?? [])].sort()).toEqual(["deploy-only", "ssh-access"]);
    const { host, user, db } = issued.authorities;
    expect([host, user, db].map((list) => list.map(({ clusterName }) => clusterName))).toEqual([
      ["bot.test"],
      ["bot.test"],
      ["bot.test"],
    ]);
    expect([host, user, db].map(([one]) => [one?.sshPublicKeys.length, one?.tlsCertificates.length])).toEqual(
      [
        [1, 1],
        [1, 1],
        [0, 1],
      ],
    );
    expect(formatAuthorizedKey(host[0]?.sshPublicKeys[0] ?? new Uint8Array())).toMatch(/^ssh-rsa AAAA/);
    // The join answer held the same host CA.
    expect(host[0]?.tlsCertificates).toEqual(bot.hostCa);
  });

  /** The calls of each flight: those that arrive before any of the flight is answered. */
  async function flights(outputs: IdentityRequest[], sizes: number[]): Promise<string[][]> {
    const seen: string[][] = [];
    let waiting: (() => void)[] = [];
    const { session } = memorySession(real, (call) => {
      const size = sizes[seen.length - (waiting.length > 0 ? 1 : 0)] ?? 0;
      if (waiting.length === 0) seen.push([]);
      seen.at(-1)?.push(call);
      return new Promise((resolve) => {
        waiting.push(resolve);
        if (waiting.length < size) return;
        for (const release of waiting) release();
        waiting = [];
      });
    });
    await issueOutputs(session, issueOptions({ outputs }));
    return seen.map((calls) => calls.sort());
  }

  const facts = ["GetCertAuthorities db", "GetCertAuthorities host", "GetCertAuthorities user"];

  test("one flight when every output names its roles", async () => {
    const outputs = [output({ roles: ["ssh-access"] }), output({ roles: ["deploy-only"] })];
    expect(await flights(outputs, [6])).toEqual([
      ["GenerateUserCerts deploy-only", "GenerateUserCerts ssh-access", ...facts, "Ping"].sort(),
    ]);
  });

  test("two flights when the bot's roles have to be asked for", async () => {
    const outputs = [output({ roles: ["deploy-only"] }), output()];
    expect(await flights(outputs, [5, 2])).toEqual([
      [...facts, "GetRole bot-robot", "Ping"].sort(),
      ["GenerateUserCerts deploy-only", "GenerateUserCerts ssh-access,deploy-only"].sort(),
    ]);
  });

  test.each([
    ["roles given", ["ssh-access"]],
    ["roles asked for", []],
  ])("what is done meanwhile is done once, when the certificates are asked for: %s", async (_, roles) => {
    const { session, calls } = memorySession(real);
    let before: string[] | undefined;
    const meanwhile = (): void => {
      expect(before).toBeUndefined();
      before = [...calls];
      void session.instances.submitHeartbeat({}).catch(() => {});
    };
    const outputs = [output({ roles }), output({ roles })];
    await issueOutputs(session, issueOptions({ outputs, meanwhile }));
    expect(before?.includes("GetRole bot-robot")).toBe(roles.length === 0);
  });

  test("without outputs nothing is asked for but the facts", async () => {
    const { session, calls } = memorySession(real);
    await issueOutputs(session, issueOptions({ outputs: [] }));
    expect(calls.sort()).toEqual([...facts, "Ping"].sort());
  });

  test.each([
    // The version is not known yet when the roles are given.
    ["14.2.0", ["ssh-access"], [1, 22, 23]],
    ["18.4.1", ["ssh-access"], [1, 22, 23]],
    ["14.2.0", [], [1]],
    ["16.5.0", [], [1]],
    ["17.0.0-dev", [], [22, 23]],
    ["18.4.1", [], [22, 23]],
    ["", [], [1, 22, 23]],
    ["unknown", [], [1, 22, 23]],
  ])("key fields for version %j with the roles %j", async (serverVersion, roles, keys) => {
    const requests: UserCertsRequest[] = [];
    const answers = {
      ...real,
      ping: () => ({ serverVersion }),
      generateUserCerts: (request: UserCertsRequest) => {
        requests.push(request);
        return real.generateUserCerts();
      },
    };
    await issue(answers, [output({ roles })]);
    const [request] = requests as [UserCertsRequest];
    expect(fieldsOf(request)).toEqual([...keys, 2, 3, 12, 14].sort((a, b) => a - b));
    for (const field of [request.publicKey, request.sshPublicKey].filter(({ length }) => length > 0)) {
      expect(Buffer.from(field).toString()).toBe(`${key.publicKeyLine}\n`);
    }
    expect(["", key.publicKeyPem]).toContain(Buffer.from(request.tlsPublicKey).toString());
  });

  test("with all three key fields the bytes are those that a real cluster accepted", async () => {
    const requests: UserCertsRequest[] = [];
    const generateUserCerts = (request: UserCertsRequest) => {
      requests.push(request);
      return real.generateUserCerts();
    };
    const hex = recordedCalls["certs fields 1, 22 and 23 (v17 recipe)"]?.request ?? "";
    const theirs = fromBinary(UserCertsRequestSchema, Buffer.from(hex, "hex"));
    const asked = new Date(Number(theirs.expires?.seconds) * 1000);
    await issue({ ...real, generateUserCerts }, [output({ roles: theirs.roleRequests, expires: asked })]);
    expect(
      Buffer.from(toBinary(UserCertsRequestSchema, requests[0] as UserCertsRequest)).toString("hex"),
    ).toBe(hex);
  });

  test("a leaf cluster and the wish to reissue are sent", async () => {
    const requests: UserCertsRequest[] = [];
    const generateUserCerts = (request: UserCertsRequest) => {
      requests.push(request);
      return real.generateUserCerts();
    };
    await issue({ ...real, generateUserCerts }, [
      output({ roles: ["a"], cluster: "leaf.test", allowReissue: true }),
    ]);
    expect(requests).toMatchObject([
      { routeToCluster: "leaf.test", reissuableRoleImpersonation: true, useRoleRequests: true },
    ]);
  });

  describe("the bot's own roles", () => {
    function roleWith(roles: string[]): AuthAnswers {
      const role = real.getRole();
      const impersonate = role.spec?.allow?.impersonate;
      if (impersonate === undefined) throw new Error("the recorded role has changed");
      impersonate.roles = roles;
      return { ...real, getRole: () => role };
    }

    test.each([
      [[], "may not impersonate any role", "tctl bots update"],
      [["*"], "by pattern (*)", "input roles"],
      [["ssh-access", "ci-*", "^dev-.+$"], "by pattern (ci-*, ^dev-.+$)", "input roles"],
    ])("%j cannot be asked for", async (roles, why, hint) => {
      await expect(issue(roleWith(roles), [output()])).rejects.toMatchObject({
        code: "ERR_JOIN_ROLES",
        kind: "user",
        message: expect.stringContaining(why),
        hint: expect.stringContaining(hint),
      });
      await expect(
        issue(roleWith(roles), [output({ roles: ["ci-deploy"] })]),
        "given roles are",
      ).resolves.toBeDefined();
    });

    test.each([[["^"]], [["a$"]], [["role with spaces"]], [["{{external.x}}"]]])(
      "%j are names",
      async (roles) => {
        await expect(issue(roleWith(roles), [output()])).resolves.toBeDefined();
      },
    );

    test("a role without any rule", async () => {
      const role = real.getRole();
      delete role.spec;
      await expect(issue({ ...real, getRole: () => role }, [output()])).rejects.toMatchObject({
        code: "ERR_JOIN_ROLES",
      });
    });
  });

  /** What a real 14.2.0 cluster answered (measured-14.2.0.md section 5), by the case's name. */
  test.each<[string, string, string, string]>([
    ["certs missing role", "ERR_JOIN_ROLES", "denied", "tctl get role/bot-robot"],
    ["certs role not impersonable", "ERR_JOIN_ROLES", "denied", "tctl get role/bot-robot"],
    ["certs no roles", "ERR_JOIN_ROLES", "cluster", "tctl get role/bot-robot"],
    ["certs other user", "ERR_JOIN_CERTIFICATES_REFUSED", "denied", "log"],
    ["certs expired", "ERR_JOIN_CERTIFICATES_REFUSED", "denied", "clock"],
    ["certs unknown leaf", "ERR_JOIN_CERTIFICATES_REFUSED", "denied", "remote_cluster"],
    ["certs only fields 22 and 23", "ERR_JOIN_CERTIFICATES_REFUSED", "cluster", "log"],
    ["certs unknown kube", "ERR_JOIN_CERTIFICATES_REFUSED", "cluster", "log"],
    ["unknown method", "ERR_JOIN_CERTIFICATES_REFUSED", "cluster", "log"],
  ])("recorded: %s", async (name, code, kind, hint) => {
    const { status = 0, message = "" } = recordedCalls[name] ?? {};
    const generateUserCerts = (): never => {
      throw new ConnectError(message, status as Code);
    };
    await expect(
      issue({ ...real, generateUserCerts }, [output({ roles: ["x", "y"] })]),
    ).rejects.toMatchObject({
      name: "JoinError",
      code,
      kind,
      retryable: false,
      details: { status },
      hint: expect.stringContaining(hint),
      message: `The cluster bot.test refused the bot robot while asking for a certificate with the roles x, y: ${message} (gRPC status ${status}).`,
    });
  });

  test.each<[string, Code, string, object]>([
    [
      "ping",
      Code.Unavailable,
      "down",
      {
        code: "ERR_JOIN_CERTIFICATES_REFUSED",
        retryable: true,
        message: expect.stringContaining("asking for its version"),
      },
    ],
    [
      "getRole",
      Code.PermissionDenied,
      'access denied to perform action "read" on "role"',
      {
        code: "ERR_JOIN_CERTIFICATES_REFUSED",
        kind: "denied",
        message: expect.stringContaining("reading its role bot-robot"),
      },
    ],
    [
      "getCertAuthorities",
      Code.ResourceExhausted,
      "rate limit exceeded",
      {
        code: "ERR_JOIN_CERTIFICATES_REFUSED",
        retryable: true,
        message: expect.stringContaining("CAs: rate limit exceeded"),
      },
    ],
    [
      "generateUserCerts",
      Code.Unknown,
      "only RSA keys supported",
      { code: "ERR_JOIN_KEY_TYPE_REFUSED", hint: expect.stringContaining("fips") },
    ],
  ])("%s fails with %i", async (method, status, message, expected) => {
    const failing = (): never => {
      throw new ConnectError(message, status);
    };
    await expect(issue({ ...real, [method]: failing }, [output()])).rejects.toMatchObject(expected);
  });

  test("an aborted signal gives its reason", async () => {
    const controller = new AbortController();
    const { session } = memorySession(real, () => controller.abort(new Error("enough")));
    const issuing = issueOutputs(session, issueOptions({ outputs: [output()], signal: controller.signal }));
    await expect(issuing).rejects.toThrow("enough");
  });

  describe("answers that are of no use", () => {
    let other: KeyPair;
    beforeAll(async () => {
      other = await createKeyPair("ecdsa-p256");
    });
    const certs = (members: Partial<{ ssh: Uint8Array; tls: Uint8Array }>): AuthAnswers => ({
      ...real,
      generateUserCerts: () => ({ ...real.generateUserCerts(), ...members }),
    });
    const none = new Uint8Array();

    test.each<[string, AuthAnswers, string]>([
      ["no SSH certificate", certs({ ssh: none }), "only an X.509 certificate"],
      ["no X.509 certificate", certs({ tls: none }), "only an SSH certificate"],
      ["an X.509 certificate that is none", certs({ tls: Buffer.from("x") }), ""],
      ["an SSH certificate that is none", certs({ ssh: Buffer.from("x") }), ""],
      ["an SSH certificate that is cut", certs({ ssh: real.generateUserCerts().ssh.subarray(0, 400) }), ""],
      ["a certificate that is no identity", certs({ tls: Buffer.from(bot.hostCa[0] ?? "") }), "identity"],
      [
        "the bot's certificate instead",
        certs({ tls: Buffer.from(bot.tlsCertificate) }),
        "another key than the one sent",
      ],
    ])("%s", async (_what, answers, why) => {
      await expect(issue(answers, [output()])).rejects.toMatchObject({
        code: "ERR_JOIN_ANSWER_INVALID",
        message: expect.stringMatching(
          new RegExp(`^The Auth Service of bot.test sent something that is of no use: .*${why}`, "s"),
        ),
      });
    });

    test("certificates for another key", async () => {
      const line = formatAuthorizedKey(encodePublicKey(other.publicKey));
      for (const keyPair of [other, { ...key, publicKeyLine: line }]) {
        await expect(issue(real, [output({ keyPair })])).rejects.toMatchObject({
          code: "ERR_JOIN_ANSWER_INVALID",
          message: expect.stringContaining("another key than the one sent"),
        });
      }
    });

    test.each<[string, (ca: ReturnType<typeof real.getCertAuthorities>) => void]>([
      [
        "an SSH key",
        ([ca]) =>
          ca?.spec?.activeKeys?.ssh.forEach((pair) => {
            pair.publicKey = Buffer.from("ssh-rsa !");
          }),
      ],
      [
        "a certificate",
        ([ca]) =>
          ca?.spec?.activeKeys?.tls.forEach((pair) => {
            pair.cert = Buffer.from("nothing");
          }),
      ],
    ])("%s of an authority", async (_what, damage) => {
      const authorities = real.getCertAuthorities("host");
      damage(authorities);
      const getCertAuthorities = (type: string) =>
        type === "host" ? authorities : real.getCertAuthorities(type);
      await expect(issue({ ...real, getCertAuthorities }, [output()])).rejects.toMatchObject({
        code: "ERR_JOIN_ANSWER_INVALID",
      });
    });
  });

  test("authorities of leaf clusters, and keys of a rotation, active ones first", async () => {
    const [root] = real.getCertAuthorities("host");
    const [leaf] = real.getCertAuthorities("user");
    if (root?.spec === undefined || leaf?.spec === undefined)
      throw new Error("the recorded authorities have changed");
    leaf.spec.clusterName = "leaf.test";
    const newer = leaf.spec.activeKeys;
    if (newer !== undefined) root.spec.additionalTrustedKeys = newer;
    const getCertAuthorities = (type: string) =>
      type === "host" ? [root, leaf] : real.getCertAuthorities(type);
    const { host } = (await issue({ ...real, getCertAuthorities }, [output()])).authorities;
    expect(
      host.map(({ clusterName, sshPublicKeys, tlsCertificates }) => [
        clusterName,
        sshPublicKeys.length,
        tlsCertificates.length,
      ]),
    ).toEqual([
      ["bot.test", 2, 2],
      ["leaf.test", 1, 1],
    ]);
    expect(host[0]?.tlsCertificates[0]).toBe(bot.hostCa[0]);
    expect(host[0]?.tlsCertificates[1]).toBe(host[1]?.tlsCertificates[0]);
  });
});
