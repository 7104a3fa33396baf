import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "@bot-join/core";
import {
  certAuthorityLine,
  encodePublicKey,
  formatAuthorizedKey,
  type OpenSshCertificateFields,
  signOpenSshCertificate,
} from "@bot-join/formats";
import { describe, expect, test } from "vitest";
import { requireTool, runTool } from "../../../test/support/tools.ts";
import type { OutputFiles } from "./output-files.ts";
import { renderSshHostOutput } from "./ssh-host-output.ts";
import { giveToChild, runAsChild, temporaryFolder } from "./test-support.ts";

const hostAuthority = generateKeyPairSync("ed25519");
const userAuthority = generateKeyPairSync("ec", { namedCurve: "P-256" });
const nextUserAuthority = generateKeyPairSync("ed25519");
const leafAuthority = generateKeyPairSync("ed25519");

function pem(key: KeyObject): string {
  return String(key.export({ type: "pkcs8", format: "pem" }));
}

function certificate(
  over: Partial<OpenSshCertificateFields>,
  publicKey: KeyObject,
  authority: KeyObject,
): string {
  return signOpenSshCertificate(
    {
      publicKey: encodePublicKey(publicKey),
      serial: 0n,
      kind: "host",
      keyId: "",
      principals: [],
      validAfter: 0n,
      validBefore: 2n ** 64n - 1n,
      criticalOptions: {},
      extensions: {},
      ...over,
    },
    authority,
  );
}

function rendered(): OutputFiles {
  const host = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return renderSshHostOutput({
    privateKeyPem: new Secret(pem(host.privateKey)),
    certificate: certificate(
      {
        principals: ["db.bot.test"],
        extensions: { "x-teleport-authority": "bot.test", "x-teleport-role": "Node" },
      },
      host.publicKey,
      hostAuthority.privateKey,
    ),
    userAuthorities: [
      {
        clusterName: "bot.test",
        sshPublicKeys: [userAuthority, nextUserAuthority].map((pair) => encodePublicKey(pair.publicKey)),
        tlsCertificates: [],
      },
      {
        clusterName: "leaf.test",
        sshPublicKeys: [encodePublicKey(leafAuthority.publicKey)],
        tlsCertificates: [],
      },
    ],
    cluster: "bot.test",
  });
}

test("the user authorities are those of the local cluster, also in a rotation", () => {
  const line = (key: KeyObject): string =>
    `${formatAuthorizedKey(encodePublicKey(key))} clustername=bot.test&type=user\n`;
  expect(rendered().get("ssh_host-user-ca.pub")).toBe(
    line(userAuthority.publicKey) + line(nextUserAuthority.publicKey),
  );
});

test("a cluster name that would break its line is refused", () => {
  expect(() =>
    renderSshHostOutput({
      privateKeyPem: new Secret(""),
      certificate: "",
      userAuthorities: [],
      cluster: "a\nssh-rsa AAAA",
    }),
  ).toThrow(expect.objectContaining({ code: "ERR_OUTPUT_NAME_UNSAFE" }));
});

describe("real sshd", () => {
  test("ssh-keygen reads key and certificate, and they belong together", async (context) => {
    const sshKeygen = requireTool(context, "ssh-keygen");
    using folder = await temporaryFolder();
    for (const [name, content] of rendered())
      writeFileSync(join(folder.path, name), content, { mode: 0o600 });
    const shown = runTool(sshKeygen, ["-L", "-f", join(folder.path, "ssh_host-cert.pub")]);
    const own = runTool(sshKeygen, ["-y", "-f", join(folder.path, "ssh_host")]);
    expect(shown).toContain(`ECDSA-CERT ${runTool(sshKeygen, ["-lf", "-"], own).split(" ")[1]}`);
    expect(shown).toMatch(/host certificate[\s\S]*Principals:\s+db\.bot\.test\n/);
    const authorities = runTool(sshKeygen, ["-lf", join(folder.path, "ssh_host-user-ca.pub")]);
    expect(authorities.trim().split("\n")).toHaveLength(2);
  });

  test.for<[string, KeyObject, boolean]>([
    ["the active user authority", userAuthority.privateKey, true],
    ["the next user authority", nextUserAuthority.privateKey, true],
    ["a leaf cluster's", leafAuthority.privateKey, false],
  ])("a certificate of %s: let in is %j", async ([, authority, letIn], context) => {
    const [ssh, sshd] = [requireTool(context, "ssh"), requireTool(context, "sshd")];
    using folder = await temporaryFolder();
    const path = (name: string): string => join(folder.path, name);
    const login = (await runAsChild("id", ["-un"])).stdout.trim();
    const user = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const files = rendered()
      .set("key", pem(user.privateKey))
      .set(
        "key-cert.pub",
        `${certificate({ kind: "user", principals: [login] }, user.publicKey, authority)}\n`,
      )
      .set("known_hosts", `${certAuthorityLine(["*.bot.test"], encodePublicKey(hostAuthority.publicKey))}\n`)
      .set(
        "sshd_config",
        [
          `HostKey ${path("ssh_host")}`,
          `HostCertificate ${path("ssh_host-cert.pub")}`,
          `TrustedUserCAKeys ${path("ssh_host-user-ca.pub")}`,
          "AuthorizedKeysFile none",
          "StrictModes no",
          "UsePAM no",
          "PidFile none",
          "Subsystem sftp internal-sftp",
          "",
        ].join("\n"),
      );
    for (const [name, content] of files) {
      writeFileSync(path(name), content);
      await giveToChild(path(name), 0o600);
    }
    await giveToChild(folder.path);
    const options = [
      "BatchMode=yes",
      "IdentitiesOnly=yes",
      `IdentityFile=${path("key")}`,
      `CertificateFile=${path("key-cert.pub")}`,
      `UserKnownHostsFile=${path("known_hosts")}`,
      "GlobalKnownHostsFile=none",
      `ProxyCommand=${sshd} -i -e -f ${path("sshd_config")}`,
    ];
    const { status, stderr } = await runAsChild(ssh, [
      ...["-v", "-F", "none", ...options.flatMap((option) => ["-o", option])],
      ...["-l", login, "-s", "db.bot.test", "sftp"],
    ]);
    expect(stderr).toContain("is known and matches the ECDSA-CERT host certificate");
    expect(stderr.includes("Authenticated to db.bot.test")).toBe(letIn);
    expect(status).toBe(letIn ? 0 : 255);
  });
});
