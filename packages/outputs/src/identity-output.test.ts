import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "@bot-join/core";
import { encodePublicKey, formatAuthorizedKey, signOpenSshCertificate } from "@bot-join/formats";
import { describe, expect, test } from "vitest";
import { requireTool, runTool } from "../../../test/support/tools.ts";
import { renderIdentityOutput } from "./identity-output.ts";
import type { OutputIdentity } from "./output-identity.ts";
import type { SshTarget } from "./ssh-config.ts";
import { recorded, recordedIdentity, temporaryFolder } from "./test-support.ts";

function target(over: Partial<SshTarget> = {}): SshTarget {
  return {
    clusters: ["bot.test"],
    proxyHost: "proxy.bot.test",
    proxyPort: 3443,
    proxyCommand: (cluster) => `command for ${cluster}`,
    directory: "/opt/machine-id/identity",
    perClusterFiles: false,
    ...over,
  };
}

const commonFiles = [
  "identity",
  "key",
  "key-cert.pub",
  "key.pub",
  "teleport-database-ca.crt",
  "teleport-host-ca.crt",
  "teleport-user-ca.crt",
  "tlscert",
];

describe.each(["identity", "identity-deploy-only"])(
  "rendered from what tbot 14.2.0 had for %s",
  (directory) => {
    const ssh = target({ directory: `/opt/machine-id/${directory}` });
    const files = renderIdentityOutput(recordedIdentity(directory), ssh);

    test("the files are tbot's, without .write-test", () => {
      expect([...files.keys()].sort()).toEqual([...commonFiles, "known_hosts", "ssh_config"].sort());
    });

    test.each([...commonFiles, "known_hosts"])("%s is byte for byte the same", (file) => {
      expect(files.get(file)).toBe(recorded(directory, file));
    });

    test("ssh_config differs in the ProxyCommand and in HostKeyAlgorithms, which is left out", () => {
      const expected = recorded(directory, "ssh_config")
        .replace(/^ {4}HostKeyAlgorithms .*\n/m, "")
        .replace(/^( {4}ProxyCommand ).*$/m, "$1command for bot.test");
      expect(expected).not.toContain("HostKeyAlgorithms");
      expect(files.get("ssh_config")).toBe(expected);
    });
  },
);

/** An identity with two clusters, a host authority in rotation, and keys of every kind, without final newlines. */
function rotatingIdentity(): OutputIdentity & { hostKey: KeyObject } {
  const base = recordedIdentity("identity");
  const [host] = base.authorities.host;
  if (host === undefined) throw new TypeError("unreachable");
  const ed25519 = generateKeyPairSync("ed25519");
  const leaf = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ca = generateKeyPairSync("ed25519");
  const publicKey = encodePublicKey(own.publicKey);
  return {
    ...base,
    hostKey: ed25519.publicKey,
    privateKeyPem: new Secret(String(own.privateKey.export({ type: "pkcs8", format: "pem" })).trimEnd()),
    publicKeyLine: formatAuthorizedKey(publicKey),
    sshCertificate: signOpenSshCertificate(
      {
        publicKey,
        serial: 7n,
        kind: "user",
        keyId: "bot-robot",
        principals: ["deploy"],
        validAfter: 0n,
        validBefore: 2n ** 64n - 1n,
        criticalOptions: {},
        extensions: { "permit-pty": "" },
      },
      ca.privateKey,
    ),
    tlsCertificate: base.tlsCertificate.trimEnd(),
    authorities: {
      ...base.authorities,
      host: [
        {
          clusterName: "bot.test",
          sshPublicKeys: [...host.sshPublicKeys, encodePublicKey(ed25519.publicKey)],
          tlsCertificates: [...host.tlsCertificates, recorded("identity", "teleport-user-ca.crt").trimEnd()],
        },
        {
          clusterName: "leaf.test",
          sshPublicKeys: [encodePublicKey(leaf.publicKey)],
          tlsCertificates: [recorded("identity", "teleport-database-ca.crt")],
        },
      ],
    },
  };
}

describe("with a leaf cluster and a host authority in rotation", () => {
  const identity = rotatingIdentity();
  const files = renderIdentityOutput(
    identity,
    target({ clusters: ["bot.test", "leaf.test"], perClusterFiles: true }),
  );
  const text = (name: string): string => String(files.get(name));

  test("every file ends in exactly one newline", () => {
    for (const [name, content] of files) expect(`${name} ${String(content).slice(-2)}`).toMatch(/[^\n]\n$/);
  });

  test("the identity file holds key, SSH certificate, TLS certificate, SSH authorities, TLS authorities in that order", () => {
    const shape = text("identity")
      .split("\n")
      .filter((line) => /^(-----BEGIN|@|[a-z0-9-]+-cert-v01)/.test(line))
      .map((line) => line.split(" ").slice(0, 2).join(" "));
    expect(shape).toEqual([
      "-----BEGIN PRIVATE",
      expect.stringMatching(/^ecdsa-sha2-nistp256-cert-v01@openssh\.com /),
      "-----BEGIN CERTIFICATE-----",
      "@cert-authority bot.test,*.bot.test",
      "@cert-authority bot.test,*.bot.test",
      "@cert-authority leaf.test,*.leaf.test",
      "-----BEGIN CERTIFICATE-----",
      "-----BEGIN CERTIFICATE-----",
      "-----BEGIN CERTIFICATE-----",
    ]);
  });

  test("known_hosts holds every key of every cluster, active before additional", () => {
    expect(
      text("known_hosts")
        .split("\n")
        .map((line) => line.split(" ").slice(0, 3).join(" ")),
    ).toEqual([
      "@cert-authority proxy.bot.test,bot.test,*.bot.test ssh-rsa",
      "@cert-authority proxy.bot.test,bot.test,*.bot.test ssh-ed25519",
      "@cert-authority proxy.bot.test,leaf.test,*.leaf.test ecdsa-sha2-nistp256",
      "",
    ]);
  });

  test("ssh_config has a section for each cluster, with no blank line between them", () => {
    expect(text("ssh_config").split("\n")).toEqual([
      "# Begin generated Teleport configuration for proxy.bot.test by tbot",
      "",
      "# Common flags for all bot.test hosts",
      "Host *.bot.test proxy.bot.test",
      '    UserKnownHostsFile "/opt/machine-id/identity/known_hosts"',
      '    IdentityFile "/opt/machine-id/identity/key"',
      '    CertificateFile "/opt/machine-id/identity/key-cert.pub"',
      "",
      "# Flags for all bot.test hosts except the proxy",
      "Host *.bot.test !proxy.bot.test",
      "    Port 3022",
      "    ProxyCommand command for bot.test",
      "# Common flags for all leaf.test hosts",
      "Host *.leaf.test proxy.bot.test",
      '    UserKnownHostsFile "/opt/machine-id/identity/known_hosts"',
      '    IdentityFile "/opt/machine-id/identity/key"',
      '    CertificateFile "/opt/machine-id/identity/key-cert.pub"',
      "",
      "# Flags for all leaf.test hosts except the proxy",
      "Host *.leaf.test !proxy.bot.test",
      "    Port 3022",
      "    ProxyCommand command for leaf.test",
      "",
      "# End generated Teleport configuration",
      "",
    ]);
  });

  test("the per-cluster files hold that cluster alone", () => {
    expect(text("bot.test.ssh_config")).toBe(
      [
        "# Cluster-specific ssh_config generated by tbot for cluster 'bot.test' via proxy 'proxy.bot.test:3443'",
        'UserKnownHostsFile "/opt/machine-id/identity/bot.test.known_hosts"',
        'IdentityFile "/opt/machine-id/identity/key"',
        'CertificateFile "/opt/machine-id/identity/key-cert.pub"',
        "Port 3022",
        "ProxyCommand command for bot.test",
        "",
      ].join("\n"),
    );
    const [comment, rsa, ed25519, end] = text("bot.test.known_hosts").split("\n");
    expect(comment).toBe("# Cluster specific known_hosts generated for cluster 'bot.test'");
    expect(rsa).toMatch(/^@cert-authority \* ssh-rsa [A-Za-z0-9+/=]+ type=host$/);
    expect(ed25519).toBe(
      `@cert-authority * ${formatAuthorizedKey(encodePublicKey(identity.hostKey))} type=host`,
    );
    expect(end).toBe("");
    expect(text("leaf.test.known_hosts").split("\n")).toHaveLength(3);
  });

  test("without an SSH target there is nothing about SSH hosts", () => {
    expect([...renderIdentityOutput(identity, undefined).keys()].sort()).toEqual(commonFiles);
  });

  test("ssh-keygen reads key and certificate, and they belong together", async (context) => {
    const sshKeygen = requireTool(context, "ssh-keygen");
    using folder = await temporaryFolder();
    for (const name of ["key", "key-cert.pub"])
      writeFileSync(join(folder.path, name), text(name), { mode: 0o600 });
    expect(runTool(sshKeygen, ["-y", "-f", join(folder.path, "key")]).trim()).toBe(text("key.pub").trim());
    const shown = runTool(sshKeygen, ["-L", "-f", join(folder.path, "key-cert.pub")]);
    const fingerprint = runTool(sshKeygen, ["-lf", "-"], text("key.pub")).split(" ")[1] ?? "none";
    expect(shown).toContain(`ECDSA-CERT ${fingerprint}`);
    expect(shown).toMatch(/Principals:\s+deploy\n/);
  });

  test("openssl reads the certificates and every entry of the bundles", async (context) => {
    const openssl = requireTool(context, "openssl");
    using folder = await temporaryFolder();
    for (const [name, count] of [
      ["tlscert", 1],
      ["teleport-host-ca.crt", 3],
      ["teleport-user-ca.crt", 1],
    ] as const) {
      const path = join(folder.path, name);
      writeFileSync(path, text(name));
      const shown = runTool(openssl, ["storeutl", "-noout", "-certs", path]);
      expect(shown).toContain(`Total found: ${count}`);
      expect(runTool(openssl, ["x509", "-noout", "-issuer", "-in", path])).toContain("O = bot.test");
    }
  });
});

test("the recorded RSA key stays PKCS#1 and opens with ssh-keygen", async (context) => {
  const sshKeygen = requireTool(context, "ssh-keygen");
  using folder = await temporaryFolder();
  const files = renderIdentityOutput(recordedIdentity("identity"), undefined);
  expect(String(files.get("key"))).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/);
  const path = join(folder.path, "key");
  writeFileSync(path, String(files.get("key")));
  chmodSync(path, 0o600);
  expect(runTool(sshKeygen, ["-y", "-f", path]).trim()).toBe(recorded("identity", "key.pub").trim());
});

describe("names from the network", () => {
  test.each([
    "",
    ".",
    "..",
    "-x",
    "../../etc/cron.d/x",
    "a/b",
    "a\\b",
    "a b",
    "a,b",
    "*",
    "a*",
    "!a",
    "a\nProxyCommand id",
    'a"b',
    "a#b",
    "a%h",
    "a\u0000",
    "ä.test",
    "a".repeat(231),
  ])("a cluster called %j is refused", (cluster) => {
    const identity = recordedIdentity("identity");
    const unsafe = expect.objectContaining({ code: "ERR_OUTPUT_NAME_UNSAFE" });
    expect(() => renderIdentityOutput(identity, target({ clusters: [cluster] }))).toThrow(unsafe);
    for (const authority of identity.authorities.host) authority.clusterName = cluster;
    expect(() => renderIdentityOutput(identity, undefined)).toThrow(unsafe);
  });

  test.each(["", "-oX", "a b", "*", "a\nb", "[::1]", "proxy:443x", "::1%eth0"])(
    "a proxy host called %j is refused",
    (proxyHost) => {
      expect(() => renderIdentityOutput(recordedIdentity("identity"), target({ proxyHost }))).toThrow(
        expect.objectContaining({ code: "ERR_OUTPUT_NAME_UNSAFE" }),
      );
    },
  );

  test("an IPv6 proxy has brackets where a port follows, and none in patterns", () => {
    const files = renderIdentityOutput(
      recordedIdentity("identity"),
      target({ proxyHost: "2001:db8::1", perClusterFiles: true }),
    );
    expect(files.get("bot.test.ssh_config")).toContain("via proxy '[2001:db8::1]:3443'\n");
    expect(files.get("ssh_config")).toContain("Host *.bot.test !2001:db8::1\n");
    expect(files.get("known_hosts")).toMatch(/^@cert-authority 2001:db8::1,bot\.test,\*\.bot\.test /);
  });

  test("a cluster without host authority is an error: ssh could verify none of its hosts", () => {
    expect(() =>
      renderIdentityOutput(recordedIdentity("identity"), target({ clusters: ["bot.test", "leaf.test"] })),
    ).toThrow(
      expect.objectContaining({
        code: "ERR_OUTPUT_HOST_CA_MISSING",
        message: expect.stringMatching(/leaf\.test.*bot\.test/),
      }),
    );
  });
});
