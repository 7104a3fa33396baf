import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { encodePublicKey, issuedBy, parseOpenSshCertificate, readTeleportIdentity } from "@bot-join/formats";
import { expect, it } from "vitest";
import { createTestCluster } from "../test-cluster.ts";

it("behind teleport-auth@: role Admin and the names that were measured (user-certs.md section 3.3)", async () => {
  const { cluster } = await createTestCluster("18");
  const { certificatePem } = cluster.issueHostTls({ role: "Admin", dnsNames: [], ipAddresses: [] });
  const { roles, username, routeToCluster, traits, attributes } = readTeleportIdentity(certificatePem);
  expect({ roles, routeToCluster, traits, attributes }).toEqual({
    roles: ["Admin"],
    routeToCluster: "",
    traits: "null",
    attributes: { cluster: ["bot.test"] },
  });
  expect(username).toMatch(/^[0-9a-f-]{36}\.bot\.test$/);
  expect(issuedBy(certificatePem, cluster.authorities.host.tlsCertificatePem)).toBe(true);
  expect(new X509Certificate(certificatePem).subjectAltName).toBe(
    "DNS:node-1, DNS:*.teleport.cluster.local, DNS:teleport.cluster.local",
  );
});

it("behind teleport-proxy-ssh-grpc: role Proxy and the names that were measured", async () => {
  const { cluster } = await createTestCluster("18");
  const { certificatePem } = cluster.issueHostTls({
    role: "Proxy",
    dnsNames: ["proxy.bot.test"],
    ipAddresses: ["127.0.0.1", "::1"],
  });
  expect(new X509Certificate(certificatePem).subjectAltName).toBe(
    "DNS:node-1, DNS:proxy.bot.test, DNS:localhost, DNS:remote.kube.proxy.teleport.cluster.local, " +
      "DNS:*.teleport.cluster.local, DNS:teleport.cluster.local, DNS:*.proxy.bot.test, " +
      "IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
  );
});

it("an SSH host certificate says what the recorded one says", async () => {
  const recorded = parseOpenSshCertificate(
    readFileSync(new URL("../../../../test/vectors/formats/ssh-host-cert.pub", import.meta.url), "utf8"),
  );
  const { cluster } = await createTestCluster("14");
  const key = encodePublicKey(generateKeyPairSync("ed25519").publicKey);
  const ours = parseOpenSshCertificate(cluster.issueHostSsh(key, ["db.bot.test", "db.bot.test"], "Node"));
  const { extensions, principals, keyId, serial, kind, criticalOptions } = recorded;
  expect(ours).toMatchObject({ extensions, principals, keyId, serial, kind, criticalOptions });
  expect(ours.validBefore).toBe(2n ** 64n - 1n);
});
