import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "@bot-join/core";
import { encodePublicKey, formatAuthorizedKey, signOpenSshCertificate } from "@bot-join/formats";
import { describe, expect, test } from "vitest";
import { requireTool, runTool } from "../../../test/support/tools.ts";
import { renderIdentityOutput } from "./identity-output.ts";
import { proxyCommandLine, quoteShellWord } from "./proxy-command.ts";
import { renderSshConfig, type SshTarget } from "./ssh-config.ts";
import { checkSshDirectory } from "./ssh-path.ts";
import {
  giveToChild,
  recordedIdentity,
  runAsChild,
  type TemporaryFolder,
  temporaryFolder,
} from "./test-support.ts";

/** What `ssh -G` says of a host: option name to value. */
function resolved(ssh: string, config: string, args: string[]): Map<string, string> {
  const lines = runTool(ssh, ["-G", "-F", config, ...args])
    .trim()
    .split("\n");
  return new Map(lines.map((line) => [line.split(" ")[0] ?? "", line.slice(line.indexOf(" ") + 1)]));
}

function sshTarget(directory: string, over: Partial<SshTarget> = {}): SshTarget {
  return {
    clusters: ["bot.test", "leaf.test"],
    proxyHost: "proxy.bot.test",
    proxyPort: 443,
    proxyCommand: (cluster) =>
      proxyCommandLine(
        {
          program: { kind: "bundle", node: process.execPath, script: join(directory, "ssh-proxy.cjs") },
          directory,
          proxy: "proxy.bot.test:443",
          cluster,
        },
        "linux",
      ),
    directory,
    perClusterFiles: true,
    ...over,
  };
}

describe("which hosts ssh takes from the file", () => {
  test.for<[string[], string, string]>([
    [["web-1.bot.test"], "3022", "bot.test"],
    [["web-1.leaf.test"], "3022", "leaf.test"],
    [["-p", "2222", "web-1.bot.test"], "2222", "bot.test"],
    [["ssh://deploy@web-1.bot.test:2022"], "2022", "bot.test"],
    [["::1.bot.test"], "3022", "bot.test"],
    [["2001:db8::7.leaf.test"], "3022", "leaf.test"],
    [["a.b.bot.test"], "3022", "bot.test"],
  ])("%j goes to port %s through cluster %s", async ([args, port, cluster], context) => {
    const ssh = requireTool(context, "ssh");
    using folder = await temporaryFolder();
    const config = join(folder.path, "ssh_config");
    writeFileSync(config, renderSshConfig(sshTarget(folder.path)));
    const found = resolved(ssh, config, args);
    expect(found.get("port")).toBe(port);
    expect(found.get("proxycommand")).toContain(` --cluster='${cluster}' --user='%r' --host='%h' --port=%p`);
    expect(found.get("userknownhostsfile")).toBe(join(folder.path, "known_hosts"));
    expect(found.get("stricthostkeychecking")).toBe("ask");
    expect(found.get("hostkeyalgorithms")).toContain("ssh-ed25519-cert-v01@openssh.com");
  });

  test.for(["web-1", "web-1.other.test", "bot.test", "proxy.bot.test"])(
    "%s does not go through the proxy",
    async (host, context) => {
      const ssh = requireTool(context, "ssh");
      using folder = await temporaryFolder();
      const config = join(folder.path, "ssh_config");
      writeFileSync(config, renderSshConfig(sshTarget(folder.path)));
      const found = resolved(ssh, config, [host]);
      expect(found.get("proxycommand")).toBeUndefined();
      expect(found.get("port")).toBe("22");
    },
  );

  test("an IPv6 proxy is no pattern for nodes", async (context) => {
    const ssh = requireTool(context, "ssh");
    using folder = await temporaryFolder();
    const config = join(folder.path, "ssh_config");
    writeFileSync(config, renderSshConfig(sshTarget(folder.path, { proxyHost: "2001:db8::1" })));
    expect(resolved(ssh, config, ["web-1.bot.test"]).get("port")).toBe("3022");
    expect(resolved(ssh, config, ["2001:db8::1"]).get("proxycommand")).toBeUndefined();
  });
});

const oddDirectories = [
  "plain",
  "with space",
  " leading and trailing ",
  "100%h %% %d",
  "hash #1",
  "quote'd",
  "dollar$HOME",
  "ünï-日本",
  "semi;colon & (all) <sorts> `of` signs*?[x]!",
  "~tilde",
  "--option=like",
];

interface Node {
  config: string;
  hostAuthority: KeyObject;
  userAuthority: KeyObject;
}

/** Writes what an `sshd -i` needs to be a node of cluster bot.test that trusts its user authority. */
function writeNode(folder: TemporaryFolder, principals: string[]): Node {
  const hostAuthority = generateKeyPairSync("ed25519");
  const userAuthority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const host = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const certificate = signOpenSshCertificate(
    {
      publicKey: encodePublicKey(host.publicKey),
      serial: 0n,
      kind: "host",
      keyId: "",
      principals,
      validAfter: 0n,
      validBefore: 2n ** 64n - 1n,
      criticalOptions: {},
      extensions: { "x-teleport-role": "Node" },
    },
    hostAuthority.privateKey,
  );
  const path = (name: string): string => join(folder.path, name);
  writeFileSync(path("host"), host.privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  writeFileSync(path("host-cert.pub"), `${certificate}\n`);
  writeFileSync(path("user-ca.pub"), `${formatAuthorizedKey(encodePublicKey(userAuthority.publicKey))}\n`);
  writeFileSync(
    path("sshd_config"),
    [
      `HostKey ${path("host")}`,
      `HostCertificate ${path("host-cert.pub")}`,
      `TrustedUserCAKeys ${path("user-ca.pub")}`,
      "AuthorizedKeysFile none",
      "StrictModes no",
      "UsePAM no",
      "PidFile none",
      "Subsystem sftp internal-sftp",
      "",
    ].join("\n"),
  );
  return {
    config: path("sshd_config"),
    hostAuthority: hostAuthority.publicKey,
    userAuthority: userAuthority.privateKey,
  };
}

/** Renders an identity for one login and writes it with a script in place of ssh-proxy that leads to the node. */
function writeIdentity(directory: string, node: Node, login: string, sshd: string): void {
  const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicKey = encodePublicKey(own.publicKey);
  const base = recordedIdentity("identity");
  const files = renderIdentityOutput(
    {
      ...base,
      privateKeyPem: new Secret(String(own.privateKey.export({ type: "pkcs8", format: "pem" }))),
      publicKeyLine: formatAuthorizedKey(publicKey),
      sshCertificate: signOpenSshCertificate(
        {
          publicKey,
          serial: 0n,
          kind: "user",
          keyId: "bot-robot",
          principals: [login],
          validAfter: 0n,
          validBefore: 2n ** 64n - 1n,
          criticalOptions: {},
          extensions: { "permit-pty": "" },
        },
        node.userAuthority,
      ),
      authorities: {
        ...base.authorities,
        host: [
          {
            clusterName: "bot.test",
            sshPublicKeys: [encodePublicKey(node.hostAuthority)],
            tlsCertificates: [],
          },
        ],
      },
    },
    sshTarget(directory, { clusters: ["bot.test"] }),
  );
  const script = `
    require("fs").writeFileSync(__dirname + "/arguments.json", JSON.stringify(process.argv.slice(2)));
    const { status } = require("child_process").spawnSync(${JSON.stringify(sshd)}, ["-i", "-e", "-f", ${JSON.stringify(node.config)}], { stdio: "inherit" });
    process.exit(status ?? 1);`;
  mkdirSync(directory, { mode: 0o700 });
  for (const [name, content] of files) writeFileSync(join(directory, name), content, { mode: 0o600 });
  writeFileSync(join(directory, "ssh-proxy.cjs"), script);
}

/** Gives everything below a folder to the user of {@link runAsChild}, then the folder itself. */
async function giveAll(folder: string, directories: string[], files: string[]): Promise<void> {
  for (const directory of directories) await giveToChild(directory);
  for (const file of files) await giveToChild(file, 0o600);
  await giveToChild(folder);
}

describe("real ssh into a real sshd, its host verified by our known_hosts", () => {
  async function session(
    tools: { ssh: string; sshd: string },
    name: string,
    options: { args?: string[]; hosts?: string[] } = {},
  ): Promise<{ stderr: string; status: number; seen: string[]; directory: string }> {
    using folder = await temporaryFolder();
    const directory = join(folder.path, name);
    const login = (await runAsChild("id", ["-un"])).stdout.trim();
    const node = writeNode(folder, options.hosts ?? ["web-1.bot.test", "::1.bot.test"]);
    writeIdentity(directory, node, login, tools.sshd);
    const files = [
      "key",
      "key-cert.pub",
      "key.pub",
      "known_hosts",
      "ssh_config",
      "ssh-proxy.cjs",
      "bot.test.ssh_config",
      "bot.test.known_hosts",
    ];
    writeFileSync(
      join(folder.path, "own_config"),
      `Host box-*\nInclude "${join(directory, "bot.test.ssh_config")}"\n`,
    );
    await giveAll(
      folder.path,
      [directory],
      [
        ...files.map((file) => join(directory, file)),
        ...["host", "own_config"].map((file) => join(folder.path, file)),
      ],
    );
    const args = (options.args ?? ["-F", "CONFIG", "web-1.bot.test"]).map((arg) =>
      arg.replace("OWN", join(folder.path, "own_config")).replace("CONFIG", join(directory, "ssh_config")),
    );
    const { status, stderr } = await runAsChild(tools.ssh, [
      "-v",
      "-o",
      "BatchMode=yes",
      "-o",
      "GlobalKnownHostsFile=none",
      "-l",
      login,
      "-s",
      ...args,
      "sftp",
    ]);
    // ssh logs non-ASCII bytes as \\ooo.
    const readable = Buffer.from(
      stderr.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
      "latin1",
    ).toString("utf8");
    const seen = JSON.parse(readFileSync(join(directory, "arguments.json"), "utf8")) as string[];
    return { stderr: readable, status, seen, directory };
  }

  test.for(oddDirectories)("from the directory %j", async (name, context) => {
    const tools = { ssh: requireTool(context, "ssh"), sshd: requireTool(context, "sshd") };
    const { stderr, status, seen, directory } = await session(tools, name);
    expect(stderr).toContain("Authenticated to web-1.bot.test");
    expect(stderr).toContain(`identity file ${directory}/key type 2`);
    expect(stderr).toContain(`certificate file ${directory}/key-cert.pub type 6`);
    expect(stderr).toMatch(/Host 'web-1\.bot\.test' is known and matches the ECDSA-CERT host certificate/);
    expect(stderr).toContain(`Found CA key in ${directory}/known_hosts:1`);
    expect(status).toBe(0);
    expect(seen.slice(0, 3)).toEqual([
      `--destination-dir=${directory}`,
      "--proxy-server=proxy.bot.test:443",
      "--cluster=bot.test",
    ]);
    expect(seen.slice(-2)).toEqual(["--host=web-1.bot.test", "--port=3022"]);
  });

  test.for<[string, string[], string, string]>([
    ["another port", ["-F", "CONFIG", "-p", "2222", "web-1.bot.test"], "web-1.bot.test", "2222"],
    ["IPv6", ["-F", "CONFIG", "::1.bot.test"], "::1.bot.test", "3022"],
    ["capital letters", ["-F", "CONFIG", "WEB-1.bot.test"], "web-1.bot.test", "3022"],
  ])("with %s", async ([, args, host, port], context) => {
    const tools = { ssh: requireTool(context, "ssh"), sshd: requireTool(context, "sshd") };
    const { status, seen } = await session(tools, "plain", { args });
    expect(status).toBe(0);
    expect(seen.slice(-2)).toEqual([`--host=${host}`, `--port=${port}`]);
  });

  test("the per-cluster files, included in a Host block of one's own", async (context) => {
    const tools = { ssh: requireTool(context, "ssh"), sshd: requireTool(context, "sshd") };
    const { status, stderr, directory } = await session(tools, "with 'all' %d signs", {
      args: ["-F", "OWN", "box-1"],
      hosts: ["box-1"],
    });
    expect(stderr).toContain(`Found CA key in ${directory}/bot.test.known_hosts:2`);
    expect(status).toBe(0);
  });

  test("a host whose certificate names another host is refused", async (context) => {
    const tools = { ssh: requireTool(context, "ssh"), sshd: requireTool(context, "sshd") };
    const { status, stderr } = await session(tools, "plain", { hosts: ["other.bot.test"] });
    expect(stderr).toContain("Certificate invalid: name is not a listed principal");
    expect(stderr).toContain("Host key verification failed.");
    expect(status).toBe(255);
  });
});

describe("directories that ssh_config cannot express", () => {
  test.for([
    ['/a"b', "a double quote"],
    ["/a\nb", "a control character"],
    ["/a\u0007b", "a control character"],
    ["/a\\b", "a backslash"],
    ["/a$" + "{HOME}b", "the signs"],
    ['C:\\a"b', "a double quote"],
  ] as const)("%j", ([directory, what]) => {
    expect(() => checkSshDirectory(directory)).toThrow(
      expect.objectContaining({ code: "ERR_OUTPUT_DIRECTORY_NAME", message: expect.stringContaining(what) }),
    );
  });

  test("a Windows directory is written with forward slashes", () => {
    const lines = renderSshConfig(
      sshTarget("/x", { directory: "C:\\Users\\run ner\\out", proxyCommand: () => "x" }),
    );
    expect(lines).toContain('    IdentityFile "C:/Users/run ner/out/key"\n');
  });

  test("quotes of a shell are no quotes of ssh_config", () => {
    expect(quoteShellWord("a'b")).toBe(`'a'"'"'b'`);
  });
});
