import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Secret } from "@bot-join/core";
import { expect, test } from "vitest";
import { requireTool, runTool } from "../../../test/support/tools.ts";
import { renderKubernetesOutput } from "./kubernetes-output.ts";
import type { KubernetesUser } from "./kubernetes-target.ts";
import type { OutputIdentity } from "./output-identity.ts";
import { recordedIdentity, type TemporaryFolder, temporaryFolder } from "./test-support.ts";

const serverName = "kube-teleport-proxy-alpn.proxy.corp.example";

interface Cluster {
  identity: OutputIdentity;
  /** PEM texts for a TLS server that asks for client certificates. */
  server: { key: string; cert: string; ca: string };
}

/** Makes a host authority with a proxy's certificate, and a user authority with a bot's. */
function makeCluster(openssl: string, folder: TemporaryFolder): Cluster {
  const at = (name: string): string => join(folder.path, name);
  const make = (name: string, subject: string, more: string[] = []): string => {
    const key = [
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-noenc",
      "-keyout",
      at(`${name}.key`),
    ];
    runTool(openssl, ["req", "-x509", ...key, "-subj", subject, "-out", at(`${name}.crt`), ...more]);
    return readFileSync(at(`${name}.crt`), "utf8");
  };
  const issuedBy = (name: string): string[] => ["-CA", at(`${name}.crt`), "-CAkey", at(`${name}.key`)];
  const hostCa = make("host-ca", "/O=corp.example/CN=corp.example");
  const userCa = make("user-ca", "/O=corp.example/CN=corp.example/serialNumber=2");
  const leaf = ["-addext", "basicConstraints=critical,CA:FALSE"];
  const cert = make("proxy", "/CN=proxy", [
    ...issuedBy("host-ca"),
    ...leaf,
    "-addext",
    `subjectAltName=DNS:${serverName}`,
  ]);
  const tlsCertificate = make("bot", "/CN=bot-robot", [...issuedBy("user-ca"), ...leaf]);
  const recordedOne = recordedIdentity("kubernetes");
  return {
    identity: {
      ...recordedOne,
      privateKeyPem: new Secret(readFileSync(at("bot.key"), "utf8")),
      tlsCertificate,
      authorities: {
        ...recordedOne.authorities,
        host: [{ clusterName: "corp.example", sshPublicKeys: [], tlsCertificates: [hostCa] }],
      },
    },
    server: { key: readFileSync(at("proxy.key"), "utf8"), cert, ca: userCa },
  };
}

/** A program in place of bot-join that does what its `kube credentials` does. */
function execUser(directory: string): KubernetesUser {
  const script = `
    import { readFileSync } from "node:fs";
    import { kubeCredentials } from ${JSON.stringify(fileURLToPath(new URL("./renderers.ts", import.meta.url)))};
    process.stdout.write(kubeCredentials(readFileSync(${JSON.stringify(join(directory, "identity"))}, "utf8"), new Date()));`;
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script];
  return { kind: "exec", command: process.execPath, args };
}

test.for(["exec", "static"] as const)(
  "kubectl proves itself with the %s form, and verifies the proxy by its inner name",
  async (kind, context) => {
    const [kubectl, openssl] = [requireTool(context, "kubectl"), requireTool(context, "openssl")];
    using folder = await temporaryFolder();
    const { identity, server: pem } = makeCluster(openssl, folder);
    const seen: string[] = [];
    const server = createServer(
      { ...pem, requestCert: true, rejectUnauthorized: true },
      (request, response) => {
        const socket = request.socket as TLSSocket & { servername?: string };
        seen.push(`${socket.servername} ${socket.getPeerCertificate().subject.CN} ${request.url}`);
        response.end("reached");
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const files = renderKubernetesOutput(identity, {
        teleportCluster: "corp.example",
        kubeCluster: "prod",
        server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
        tlsServerName: serverName,
        rootCluster: "corp.example",
        user: kind === "exec" ? execUser(folder.path) : { kind },
        contextName: "prod",
        omitPreferences: false,
      });
      for (const [name, content] of files) writeFileSync(join(folder.path, name), content, { mode: 0o600 });
      const env = { HOME: folder.path, KUBECONFIG: join(folder.path, "kubeconfig.yaml") };
      const { stdout } = await promisify(execFile)(kubectl, ["get", "--raw", "/healthz"], { env });
      expect(stdout).toBe("reached");
      expect(seen).toContain(`${serverName} bot-robot /healthz`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  },
);
