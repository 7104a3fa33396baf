import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Emulator } from "@bot-join/emulator";
import { CertsSchema, UserCertsRequestSchema } from "@bot-join/proto";
import { parseResources } from "@bot-join/resources";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startTestEmulator, testResources } from "../support/emulator.ts";
import { type RawIdentity, rawAuth, rawKey } from "../support/raw-client.ts";
import { startSshd } from "../support/sshd.ts";
import { requireTool, runTool } from "../support/tools.ts";
import { joinRaw, targetOf } from "./joined.ts";

const run = promisify(execFile);
const proxyCommand = fileURLToPath(new URL("../support/raw-proxy-command.ts", import.meta.url));
const login = userInfo().username;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "openssh-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** An output identity with the role ssh-access, for a key of its own. */
async function outputIdentity(emulator: Emulator): Promise<RawIdentity> {
  const bot = await joinRaw(emulator);
  const key = rawKey();
  const line = Buffer.from(key.publicKeyLine);
  const request = create(UserCertsRequestSchema, {
    publicKey: line,
    sshPublicKey: line,
    tlsPublicKey: Buffer.from(key.publicKeyPem),
    username: "bot-robot",
    expires: timestampFromDate(new Date(Date.now() + 3_600_000)),
    roleRequests: ["ssh-access"],
    useRoleRequests: true,
  });
  using auth = await rawAuth(targetOf(emulator), "bot.test", bot);
  const answer = await auth.unary(
    "/proto.AuthService/GenerateUserCerts",
    toBinary(UserCertsRequestSchema, request),
  );
  const certs = fromBinary(CertsSchema, answer.messages[0] ?? new Uint8Array());
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
  return { ...bot, key, ssh: text(certs.ssh), tls: text(certs.tls) };
}

describe.each(["14", "18"] as const)("ProxySSH of version %s", (version) => {
  it("leads OpenSSH to a real sshd, host and user certificates verified", async (context) => {
    const ssh = requireTool(context, "ssh");
    const sshd = requireTool(context, "sshd");
    const keygen = requireTool(context, "ssh-keygen");
    const write = (name: string, text: string): string => {
      const path = join(directory, name);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    const resources = parseResources(testResources.replace("[root, deploy]", `[${login}]`), "test");
    await using emulator = await startTestEmulator({ version, resources });
    const hostKey = join(directory, "host");
    runTool(keygen, ["-q", "-t", "ed25519", "-N", "", "-f", hostKey]);
    const blob = Buffer.from(readFileSync(`${hostKey}.pub`, "utf8").split(" ")[1] ?? "", "base64");
    await using server = await startSshd({
      sshd,
      directory,
      hostKey,
      hostCertificate: emulator.signHostKey(blob, ["node-1", "node-1.bot.test"]),
      userCaPublicKeys: emulator.userCaPublicKeys,
    });
    emulator.addNode({ hostname: "node-1", uuid: "node-1-uuid", address: server.address });

    const identity = await outputIdentity(emulator);
    const identityFile = write("identity.json", JSON.stringify(identity));
    const key = write("key", identity.key.privateKeyPem);
    const certificate = write("key-cert.pub", identity.ssh);
    const knownHosts = write(
      "known_hosts",
      emulator.hostCaPublicKeys.map((line) => `@cert-authority *.bot.test ${line}\n`).join(""),
    );
    const config = write(
      "config",
      [
        "Host *",
        `  IdentityFile ${key}`,
        `  CertificateFile ${certificate}`,
        `  UserKnownHostsFile ${knownHosts}`,
        "  IdentitiesOnly yes",
        "  StrictHostKeyChecking yes",
        "  BatchMode yes",
        "  Port 3022",
        `  ProxyCommand ${process.execPath} ${proxyCommand} ${identityFile} ${emulator.proxyAddress} bot.test node-1:%p`,
        "",
      ].join("\n"),
    );
    const { stdout } = await run(ssh, ["-F", config, `${login}@node-1.bot.test`, "echo", "reached"]).catch(
      (error: Error) => {
        throw new Error(`${error.message}\n${server.log()}`);
      },
    );
    expect(stdout).toBe("reached\n");
  });
});
