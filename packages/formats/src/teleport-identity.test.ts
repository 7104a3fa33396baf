import { X509Certificate } from "node:crypto";
import { encodePem } from "@bot-join/core";
import fc from "fast-check";
import type { asn1 as forge } from "node-forge";
import { describe, expect, it } from "vitest";
import { teleportAttributes } from "./teleport-attributes.ts";
import { readTeleportIdentity, type TeleportIdentity } from "./teleport-identity.ts";
import { attribute, name, unsignedCertificatePem } from "./testing/certificates.ts";
import { expectCode, expectNoCrash, vector } from "./testing/oracles.ts";

const impersonated: TeleportIdentity = {
  username: "bot-robot",
  roles: ["ssh-access", "deploy-only"],
  logins: ["root", "deploy", "-teleport-internal-join"],
  usableLogins: ["root", "deploy"],
  cluster: "bot.test",
  routeToCluster: "bot.test",
  traits: '{"logins":null}',
  attributes: {
    kubernetesCluster: ["kc"],
    cluster: ["bot.test"],
    allowedDatabaseNames: ["*"],
    allowedDatabaseUsers: ["*"],
    impersonator: ["bot-robot"],
    disallowReissue: ["true"],
    privateKeyPolicy: ["none"],
  },
  botName: "robot",
  renewable: false,
  disallowReissue: true,
  impersonator: "bot-robot",
};

const { allowedDatabaseNames: _, allowedDatabaseUsers: __, ...withoutDatabases } = impersonated.attributes;

/** A subject with what every identity needs, and these attributes besides. */
function identityPem(extra: forge.Asn1[] = [], leftOut?: string): string {
  const required = [
    attribute("2.5.4.10", "access"),
    attribute("2.5.4.3", "bot-ci"),
    attribute(teleportAttributes.cluster.oid, "root.test"),
  ].filter((_, index) => ["roles", "username", "cluster"][index] !== leftOut);
  return unsignedCertificatePem(name(...[...required, ...extra].map((one) => [one])));
}

describe("a Teleport identity", () => {
  it.each<[string, TeleportIdentity]>([
    ["identity", impersonated],
    ["rpc", impersonated],
    [
      "deploy-only",
      {
        ...impersonated,
        roles: ["deploy-only"],
        logins: ["deploy", "-teleport-internal-join"],
        usableLogins: ["deploy"],
        attributes: withoutDatabases,
      },
    ],
    [
      "bot",
      {
        username: "bot-robot",
        roles: ["bot-robot"],
        logins: ["-teleport-internal-join", "-teleport-nologin-1265ee66-61b5-41fd-bf22-42f433ecd2f0"],
        usableLogins: [],
        cluster: "bot.test",
        routeToCluster: "bot.test",
        traits: '{"logins":null}',
        attributes: { cluster: ["bot.test"], privateKeyPolicy: ["none"] },
        botName: "robot",
        renewable: false,
        disallowReissue: false,
      },
    ],
    [
      "application",
      {
        ...impersonated,
        attributes: {
          ...impersonated.attributes,
          appSessionId: ["0f129ea0eebc655cca0d8e1fc6e95bfc0a4324f765680494835915ad1a4a9a4d"],
          appPublicAddress: ["grafana.proxy.bot.test"],
          appClusterName: ["bot.test"],
          appName: ["grafana"],
        },
      },
    ],
    [
      "database-pg",
      {
        ...impersonated,
        attributes: {
          ...impersonated.attributes,
          databaseService: ["pg"],
          databaseProtocol: ["postgres"],
          databaseUser: ["app"],
          databaseName: ["postgres"],
        },
      },
    ],
  ])("is read from the recorded %s.crt", (file, expected) => {
    expect(readTeleportIdentity(vector(`${file}.crt`))).toStrictEqual(expected);
  });

  it("of a newer server holds bot, instance and generation", () => {
    const identity = readTeleportIdentity(
      identityPem([
        attribute(teleportAttributes.renewable.oid, "true"),
        attribute(teleportAttributes.generation.oid, "12"),
        attribute(teleportAttributes.botName.oid, "deployer"),
        attribute(teleportAttributes.botInstanceId.oid, "4f1b0f1e-6f6c-4d3f-9c58-1f1c0d6a3b11"),
        attribute(teleportAttributes.kubernetesGroups.oid, "a"),
        attribute(teleportAttributes.kubernetesGroups.oid, "b"),
        attribute("1.3.9999.99.1", "from a server of the future"),
      ]),
    );
    expect(identity).toStrictEqual({
      username: "bot-ci",
      roles: ["access"],
      logins: [],
      usableLogins: [],
      cluster: "root.test",
      routeToCluster: "",
      traits: "",
      attributes: {
        kubernetesGroups: ["a", "b"],
        renewable: ["true"],
        cluster: ["root.test"],
        generation: ["12"],
        botName: ["deployer"],
        botInstanceId: ["4f1b0f1e-6f6c-4d3f-9c58-1f1c0d6a3b11"],
      },
      botName: "deployer",
      botInstanceId: "4f1b0f1e-6f6c-4d3f-9c58-1f1c0d6a3b11",
      generation: 12,
      renewable: true,
      disallowReissue: false,
    });
  });

  it("of a person keeps the user name as the bot's name", () => {
    const pem = unsignedCertificatePem(
      name(
        [attribute("2.5.4.10", "access")],
        [attribute("2.5.4.3", "alice")],
        [attribute(teleportAttributes.cluster.oid, "root.test")],
      ),
    );
    expect(readTeleportIdentity(pem).botName).toBe("alice");
  });

  it.each<[string, string]>([
    ["no user", identityPem([], "username")],
    ["an empty user", identityPem([attribute("2.5.4.3", "")], "username")],
    ["no role", identityPem([], "roles")],
    ["no cluster", identityPem([], "cluster")],
    ["two users", identityPem([attribute("2.5.4.3", "bot-b")])],
    ["two clusters", identityPem([attribute(teleportAttributes.cluster.oid, "b")])],
    ["two routes", identityPem([attribute("2.5.4.9", "a"), attribute("2.5.4.9", "b")])],
    ["a generation in words", identityPem([attribute(teleportAttributes.generation.oid, "one")])],
    ["a negative generation", identityPem([attribute(teleportAttributes.generation.oid, "-1")])],
    ["an empty generation", identityPem([attribute(teleportAttributes.generation.oid, "")])],
    [
      "a generation beyond counting",
      identityPem([attribute(teleportAttributes.generation.oid, "9".repeat(20))]),
    ],
    ["the name of a CA", vector("user-ca.crt")],
  ])("may not have %s", (_, pem) => {
    expectCode(() => readTeleportIdentity(pem), "ERR_FORMAT_IDENTITY");
  });

  it.each<[string, string]>([
    ["no PEM", "bot-robot"],
    ["two certificates", vector("bot.crt") + vector("user-ca.crt")],
    ["a key", encodePem("PRIVATE KEY", new X509Certificate(vector("bot.crt")).raw)],
    ["something else inside", encodePem("CERTIFICATE", Buffer.from("300530030c0178", "hex"))],
    [
      "a certificate that is cut off",
      encodePem("CERTIFICATE", new X509Certificate(vector("bot.crt")).raw.subarray(0, -1)),
    ],
  ])("is not found in a text with %s", (_, text) => {
    expectCode(() => readTeleportIdentity(text), "ERR_FORMAT_X509");
  });

  it("never causes another error, whatever byte is damaged", () => {
    const { raw } = new X509Certificate(vector("identity.crt"));
    fc.assert(
      fc.property(fc.nat(raw.length - 1), fc.nat(255), (at, byte) => {
        const copy = Uint8Array.from(raw);
        copy[at] = byte;
        expectNoCrash(() => readTeleportIdentity(encodePem("CERTIFICATE", copy)));
      }),
      { numRuns: 300 },
    );
  });
});
