import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "@bot-join/core";
import { parseAuthorizedKey } from "@bot-join/formats";
import { expect, test } from "vitest";
import { requireTool, runTool } from "../../../test/support/tools.ts";
import { renderApplicationOutput } from "./application-output.ts";
import { renderDatabaseOutput } from "./database-output.ts";
import { renderKubernetesOutput } from "./kubernetes-output.ts";
import type { OutputFiles } from "./output-files.ts";
import { renderSshHostOutput } from "./ssh-host-output.ts";
import { recorded, recordedIdentity, recordedNames, temporaryFolder } from "./test-support.ts";

function kubernetes(directory: string): OutputFiles {
  return renderKubernetesOutput(recordedIdentity(directory), {
    teleportCluster: "bot.test",
    kubeCluster: "kc",
    server: "https://proxy.bot.test:3443",
    tlsServerName: "kube-teleport-proxy-alpn.proxy.bot.test",
    rootCluster: "bot.test",
    user: {
      kind: "exec",
      command: "/usr/local/bin/tbot",
      args: ["kube", "credentials", `--destination-dir=/opt/machine-id/${directory}`],
    },
    contextName: "bot.test-kc",
    omitPreferences: false,
  });
}

function sshHost(directory: string): OutputFiles {
  return renderSshHostOutput({
    privateKeyPem: new Secret(recorded(directory, "ssh_host")),
    certificate: recorded(directory, "ssh_host-cert.pub"),
    userAuthorities: [
      {
        clusterName: "bot.test",
        sshPublicKeys: [parseAuthorizedKey(recorded(directory, "ssh_host-user-ca.pub")).blob],
        tlsCertificates: [],
      },
    ],
    cluster: "bot.test",
  });
}

/** Every directory of `tbot.yaml` but the two of identity outputs, which identity-output.test.ts holds. */
const outputs: readonly [directory: string, render: (directory: string) => OutputFiles][] = [
  ["database-pg", (directory) => renderDatabaseOutput(recordedIdentity(directory), { format: "" })],
  ["database-mongo", (directory) => renderDatabaseOutput(recordedIdentity(directory), { format: "mongo" })],
  ["database-tls", (directory) => renderDatabaseOutput(recordedIdentity(directory), { format: "tls" })],
  [
    "application",
    (directory) => renderApplicationOutput(recordedIdentity(directory), { specificTlsNaming: true }),
  ],
  ["kubernetes", kubernetes],
  ["kubernetes-static", kubernetes],
  ["ssh-host", sshHost],
];

test.each(outputs)("%s: every file is byte for byte what tbot 14.2.0 wrote", (directory, render) => {
  const files = render(directory);
  expect([...files.keys()].sort()).toEqual(recordedNames(directory));
  for (const [name, content] of files) expect(content, name).toBe(recorded(directory, name));
});

test.for(outputs.filter(([directory]) => directory !== "ssh-host"))(
  "%s: openssl and ssh-keygen find key and certificates of one piece",
  async ([directory, render], context) => {
    const [openssl, sshKeygen] = [requireTool(context, "openssl"), requireTool(context, "ssh-keygen")];
    using folder = await temporaryFolder();
    const path = (name: string): string => join(folder.path, name);
    for (const [name, content] of render(directory)) writeFileSync(path(name), content, { mode: 0o600 });
    // The recorded certificates have ended.
    const verify = ["verify", "-no_check_time", "-CAfile", path("teleport-user-ca.crt"), path("tlscert")];
    expect(runTool(openssl, verify)).toContain(": OK");
    const publicKey = runTool(openssl, ["x509", "-noout", "-pubkey", "-in", path("tlscert")]);
    expect(runTool(openssl, ["pkey", "-pubout", "-in", path("key")])).toBe(publicKey);
    const shown = runTool(sshKeygen, ["-L", "-f", path("key-cert.pub")]);
    expect(shown).toContain(runTool(sshKeygen, ["-lf", path("key.pub")]).split(" ")[1]);
  },
);
