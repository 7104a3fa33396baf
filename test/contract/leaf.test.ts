import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Emulator } from "@bot-join/emulator";
import {
  GetCertAuthoritiesRequestSchema,
  GetCertAuthoritiesResponseSchema,
  ListRemoteClustersResponseSchema,
} from "@bot-join/proto";
import { parseResources } from "@bot-join/resources";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { startTestEmulator, testResources } from "../support/emulator.ts";
import { authServerName, type RawGrpc, type RawIdentity, rawAuth, rawHttp } from "../support/raw-client.ts";
import { askForOutput, rawOutput } from "../support/raw-output.ts";
import { startSshd } from "../support/sshd.ts";
import { tempDir } from "../support/temp-dir.ts";
import { requireTool, runTool } from "../support/tools.ts";
import { joinRaw, targetOf } from "./joined.ts";

const run = promisify(execFile);
const proxyCommand = fileURLToPath(new URL("../support/raw-proxy-command.ts", import.meta.url));
const login = userInfo().username;

const documents = `
kind: role
version: v7
metadata: {name: ssh-access}
spec: {allow: {logins: ['${login}'], node_labels: {'*': '*'}}}
---
kind: role
version: v7
metadata: {name: deploy-only}
spec: {allow: {logins: [deploy], cluster_labels: {env: prod}}}
---
kind: remote_cluster
version: v3
metadata: {name: leaf.test}
---
kind: remote_cluster
version: v3
metadata: {name: prod.test, labels: {env: prod}}
`;

function startCluster(version: "14" | "18"): Promise<Emulator> {
  return startTestEmulator({
    version,
    resources: parseResources(`${testResources}---${documents}`, "test"),
  });
}

async function authorities(auth: RawGrpc, type: string): Promise<Map<string, string[]>> {
  const answer = await auth.unary(
    "/teleport.trust.v1.TrustService/GetCertAuthorities",
    toBinary(GetCertAuthoritiesRequestSchema, create(GetCertAuthoritiesRequestSchema, { type })),
  );
  const { certAuthoritiesV2 } = fromBinary(
    GetCertAuthoritiesResponseSchema,
    answer.messages[0] ?? new Uint8Array(),
  );
  return new Map(
    certAuthoritiesV2.map(({ spec }) => [
      spec?.clusterName ?? "",
      (spec?.activeKeys?.ssh ?? []).map(({ publicKey }) => Buffer.from(publicKey).toString().trim()),
    ]),
  );
}

describe.each(["14", "18"] as const)("leaf clusters of version %s", (version) => {
  it("an ssh reaches a node of a leaf, by the leaf's own host authority", async (context) => {
    const ssh = requireTool(context, "ssh");
    const sshd = requireTool(context, "sshd");
    const keygen = requireTool(context, "ssh-keygen");
    using folder = tempDir();
    await using emulator = await startCluster(version);
    const file = (name: string, text: string): string => {
      const path = join(folder.path, name);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    const hostKey = join(folder.path, "host");
    runTool(keygen, ["-q", "-t", "ed25519", "-N", "", "-f", hostKey]);
    const blob = Buffer.from(readFileSync(`${hostKey}.pub`, "utf8").split(" ")[1] ?? "", "base64");
    await using server = await startSshd({
      sshd,
      directory: folder.path,
      hostKey,
      hostCertificate: emulator.signHostKey(blob, ["db-1", "db-1.leaf.test"], "leaf.test"),
      userCaPublicKeys: emulator.userCaPublicKeys,
    });
    const leaf = `
kind: remote_cluster
version: v3
metadata: {name: leaf.test}
spec: {nodes: [{hostname: db-1, addr: '${server.address}'}]}
`;
    emulator.addResources(parseResources(leaf, "test"));
    const bot = await joinRaw(emulator);
    const identity = await rawOutput(emulator, bot, {
      roleRequests: ["ssh-access"],
      routeToCluster: "leaf.test",
    });
    using auth = await rawAuth(targetOf(emulator), "bot.test", bot);
    const known = (await authorities(auth, "host")).get("leaf.test") ?? [];
    const config = file(
      "config",
      [
        "Host *",
        `  IdentityFile ${file("key", identity.key.privateKeyPem)}`,
        `  CertificateFile ${file("key-cert.pub", identity.ssh)}`,
        `  UserKnownHostsFile ${file(
          "known_hosts",
          known.map((line) => `@cert-authority *.leaf.test ${line}\n`).join(""),
        )}`,
        "  IdentitiesOnly yes",
        "  StrictHostKeyChecking yes",
        "  BatchMode yes",
        "  Port 3022",
        `  ProxyCommand ${process.execPath} ${proxyCommand} ${file("identity.json", JSON.stringify(identity))} ${emulator.proxyAddress} leaf.test db-1:%p`,
        "",
      ].join("\n"),
    );
    const words = ["-F", config, `${login}@db-1.leaf.test`, "echo", "reached"];
    const { stdout } = await run(ssh, words).catch((error: Error) => {
      throw new Error(`${error.message}\n${server.log()}`);
    });
    expect(stdout).toBe("reached\n");
    expect(emulator.hostCaPublicKeys).not.toContain(known[0]);
  });

  it("are among the authorities: own cluster first, each with keys of its own", async () => {
    await using emulator = await startCluster(version);
    using auth = await rawAuth(targetOf(emulator), "bot.test", await joinRaw(emulator));
    for (const type of ["host", "user"]) {
      const found = await authorities(auth, type);
      expect([...found.keys()]).toEqual(["bot.test", "leaf.test", "prod.test"]);
      expect(new Set([...found.values()].flat()).size).toBe(3);
    }
    expect([...(await authorities(auth, "db")).keys()]).toEqual(["bot.test"]);
  });

  it("are listed for whom roles let see them, and certificates are routed to no other", async () => {
    await using emulator = await startCluster(version);
    const bot = await joinRaw(emulator);
    const seen = async (role: string): Promise<string[]> => {
      const output = await rawOutput(emulator, bot, { roleRequests: [role] });
      if (version === "14") return legacyNames(emulator, output);
      using auth = await rawAuth(targetOf(emulator), "bot.test", output);
      const path = "/teleport.presence.v1.PresenceService/ListRemoteClusters";
      const { messages } = await auth.unary(path, new Uint8Array());
      const { remoteClusters } = fromBinary(
        ListRemoteClustersResponseSchema,
        messages[0] ?? new Uint8Array(),
      );
      return remoteClusters.map(({ metadata }) => metadata?.name ?? "");
    };
    expect(await seen("ssh-access")).toEqual(["leaf.test"]);
    expect(await seen("deploy-only")).toEqual(["leaf.test", "prod.test"]);
    const routed = async (role: string, cluster: string): Promise<[number, string]> => {
      const { answer } = await askForOutput(emulator, bot, { roleRequests: [role], routeToCluster: cluster });
      return [answer.status, answer.message];
    };
    expect(await routed("deploy-only", "prod.test")).toEqual([0, ""]);
    expect(await routed("ssh-access", "prod.test")).toEqual([5, 'remote cluster "prod.test" is not found']);
    expect(await routed("ssh-access", "nope.test")).toEqual([5, 'remote cluster "nope.test" is not found']);
  });
});

/** Reads the leaf clusters over the legacy HTTP API, as clients of version 14 do. */
async function legacyNames(emulator: Emulator, identity: RawIdentity): Promise<string[]> {
  const name = authServerName("bot.test");
  const answer = await rawHttp(
    { address: emulator.proxyAddress, ca: identity.tlsCaCerts[1] ?? "" },
    "GET",
    "/v2/remoteclusters",
    {
      tls: {
        servername: name,
        cert: identity.tls,
        key: identity.key.privateKeyPem,
      },
    },
  );
  return (JSON.parse(answer.body) as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
}
