import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Emulator } from "@bot-join/emulator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestEmulator } from "../support/emulator.ts";
import { bundlePath, nodePrograms } from "../support/run-bundle.ts";
import { requireTool, runTool } from "../support/tools.ts";
import { expectSuccess, type Job, logLines, startJob } from "./job.ts";

const identityFiles = [
  "identity",
  "key",
  "key-cert.pub",
  "key.pub",
  "known_hosts",
  "ssh-proxy.cjs",
  "ssh_config",
  "teleport-database-ca.crt",
  "teleport-host-ca.crt",
  "teleport-user-ca.crt",
  "tlscert",
];

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const profiles = [
  { version: "14", server: "14.2.0", clusterFiles: [], hasInstances: false },
  {
    version: "18",
    server: "18.4.1",
    clusterFiles: ["bot.test.known_hosts", "bot.test.ssh_config"],
    hasInstances: true,
  },
] as const;

const emulators = new Map<string, Emulator>();

beforeAll(async () => {
  for (const { version } of profiles) emulators.set(version, await startTestEmulator({ version }));
});

afterAll(async () => {
  for (const emulator of emulators.values()) await emulator[Symbol.asyncDispose]();
});

/** The text with everything that differs from run to run replaced. */
function stable(line: string, directory: string): string {
  return line
    .replaceAll(directory, "DIRECTORY")
    .replace(/\((?:\d+m)?[\d.]+m?s\)/, "(TIME)")
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/, "EXPIRY")
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, "INSTANCE");
}

/** Where in the standard output each of these texts comes first. */
function positions(stdout: string, texts: string[]): number[] {
  return texts.map((text) => {
    const at = stdout.indexOf(text);
    expect(at, `${text.slice(0, 40)}… in the output`).toBeGreaterThanOrEqual(0);
    return at;
  });
}

function expectInOrder(stdout: string, texts: string[]): void {
  const found = positions(stdout, texts);
  expect(found).toEqual([...found].sort((a, b) => a - b));
}

for (const node of nodePrograms()) {
  describe.each(profiles)(`the action on ${node.name} against Teleport $version`, (profile) => {
    let emulator: Emulator;
    beforeAll(() => {
      emulator = emulators.get(profile.version) as Emulator;
    });
    const start = (options: Partial<Parameters<typeof startJob>[1]> = {}): Promise<Job> =>
      startJob(emulator, { node: node.path, ...options });

    test("hands the identity to later steps: outputs, variables, state, summary, masks, a short log", async () => {
      await using job = await start();
      const result = await job.run();
      expectSuccess(result);
      const outputs = job.github.readOutputs();
      const directory = outputs["directory"] ?? "";
      expect(directory).toMatch(/\/_temp\/bot-join-default-[0-9a-f]{12}$/);
      const expires = Date.parse(outputs["expires-at"] ?? "");
      expect(Math.abs(expires - Date.now() - 3_600_000)).toBeLessThan(60_000);
      expect(outputs).toEqual({
        directory,
        "destination-dir": directory,
        "identity-file": join(directory, "identity"),
        "ssh-config": join(directory, "ssh_config"),
        "known-hosts": join(directory, "known_hosts"),
        kubeconfig: "",
        "certificate-file": join(directory, "tlscert"),
        "key-file": join(directory, "key"),
        cluster: "bot.test",
        bot: "robot",
        "bot-instance-id": profile.hasInstances ? expect.stringMatching(uuid) : "",
        roles: "ssh-access,deploy-only",
        logins: "root,deploy",
        "expires-at": `${new Date(expires).toISOString().slice(0, 19)}Z`,
      });
      expect(job.github.readExports()).toEqual({
        TELEPORT_IDENTITY_FILE: join(directory, "identity"),
        TELEPORT_PROXY: emulator.proxyAddress,
        TELEPORT_AUTH_SERVER: emulator.proxyAddress,
        TELEPORT_SSH_CONFIG: join(directory, "ssh_config"),
      });
      expect(job.github.readPath()).toEqual([]);
      expect(Object.keys(job.github.readState())).toEqual(["cleanup"]);
      expect(JSON.parse(job.github.readState()["cleanup"] ?? "")).toMatchObject({
        outputs: [{ directory, files: expect.arrayContaining(identityFiles) }],
        variables: [
          { name: "TELEPORT_IDENTITY_FILE" },
          { name: "TELEPORT_PROXY" },
          { name: "TELEPORT_AUTH_SERVER" },
          { name: "TELEPORT_SSH_CONFIG" },
        ],
      });

      const facts: [string, string][] = [
        ["Cluster", `bot.test (Teleport ${profile.server})`],
        ["Bot", "robot"],
        ...(profile.hasInstances ? ([["Bot instance", "INSTANCE"]] as [string, string][]) : []),
        ["Roles", "ssh-access, deploy-only"],
        ["Logins", "root, deploy"],
        ["Expires", "EXPIRY"],
        ["Files", "DIRECTORY"],
      ];
      expect(stable(job.github.readSummary(), directory).replace(/\s+/g, "")).toBe(
        [
          "<h3>Joined bot.test as robot</h3><table>",
          ...facts.map(([name, value]) => `<tr><th>${name}</th><td>${value}</td></tr>`),
          "</table>",
        ]
          .join("")
          .replace(/\s+/g, ""),
      );
      const count = identityFiles.length + profile.clusterFiles.length;
      expect(logLines(result).map((line) => stable(line, directory))).toEqual([
        "This job runs on GitHub Actions: GITHUB_ACTIONS is true, ACTIONS_ID_TOKEN_REQUEST_URL is set, GITHUB_RUN_ID is set and GITHUB_WORKFLOW_REF is set.",
        "ID token from GitHub Actions: repo:acme/shop:environment:prod (TIME)",
        "Joined bot.test as bot robot (TIME)",
        "Certificates for ssh-access, deploy-only, good until EXPIRY (TIME)",
        `Wrote ${count} files to DIRECTORY (TIME)`,
        ...facts.map(([name, value]) => `  ${name.padEnd(14)}${value}`),
      ]);
      expect(job.github.tokenRequests).toEqual(["teleport.cluster.local"]);

      // Each secret is masked before it is first used: the request token for the request, the ID token and the bot's
      // key for the join, the output's key for its certificate.
      const key = readFileSync(join(directory, "key"), "utf8").split("\n")[2] ?? "";
      expectInOrder(result.stdout, [
        `::add-mask::${job.github.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]}\n`,
        `::add-mask::${job.idTokens[0]}\n`,
        "ID token from",
        "Joined bot.test",
        "Certificates for",
        "Wrote",
      ]);
      // It is made while the join is under way.
      expectInOrder(result.stdout, [`::add-mask::${key}\n`, "Certificates for"]);
      const botKey = result.stdout.indexOf("::add-mask::-----BEGIN PRIVATE KEY-----");
      expect(botKey).toBeGreaterThan(0);
      expect(botKey).toBeLessThan(result.stdout.indexOf("Joined bot.test"));
    });

    test("masks the password of a PKCS#12 file, and writes the file", async () => {
      const password = "correct horse battery staple";
      await using job = await startJob(emulator, { node: node.path, env: { STORE_PASSWORD: password } });
      const outputs = "[{type: identity, pkcs12: {password_env: STORE_PASSWORD}}]";
      const result = await job.run({ outputs });
      expectSuccess(result);
      expect(job.github.readMasks(result.stdout)).toContain(password);
      expect(logLines(result).join("\n")).not.toContain(password);
      expect(readdirSync(job.github.readOutputs()["directory"] ?? "")).toContain("keystore.p12");
    });

    test("writes tbot's files and no other, for their owner alone", async () => {
      await using job = await start();
      expectSuccess(await job.run());
      const { directory = "" } = job.github.readOutputs();
      expect(readdirSync(directory).sort()).toEqual([...identityFiles, ...profile.clusterFiles].sort());
      expect(lstatSync(directory).mode & 0o7777).toBe(0o700);
      for (const name of readdirSync(directory)) {
        const stats = lstatSync(join(directory, name));
        expect([name, stats.isFile(), stats.mode & 0o7777, stats.nlink]).toEqual([name, true, 0o600, 1]);
      }
      expect(readFileSync(join(directory, "ssh-proxy.cjs"))).toEqual(
        readFileSync(bundlePath("ssh-proxy.cjs")),
      );
      const read = (name: string): string => readFileSync(join(directory, name), "utf8");
      expect(read("ssh_config")).toContain(
        `ProxyCommand '${node.path}' '${directory}/ssh-proxy.cjs' --destination-dir='${directory}' ` +
          `--proxy-server='${emulator.proxyAddress}' --cluster='bot.test' --user='%r' --host='%h' --port=%p\n`,
      );
      expect(read("ssh_config")).not.toMatch(/HostKeyAlgorithms|StrictHostKeyChecking/i);
      const identity = read("identity");
      const [hostLine = ""] = read("known_hosts").split("\n");
      expect(hostLine).toMatch(/^@cert-authority localhost,bot\.test,\*\.bot\.test /);
      // Key, SSH certificate, TLS certificate, host CA keys, then the host and user CAs' certificates (outputs.md section 2).
      const order = [
        read("key"),
        read("key-cert.pub"),
        read("tlscert"),
        "@cert-authority bot.test,*.bot.test ",
        read("teleport-host-ca.crt"),
      ];
      expectInOrder(identity, order);
      expect(identity.startsWith(order.slice(0, 4).join(""))).toBe(true);
    });

    test("ssh-keygen and openssl find in the certificates what the cluster granted", async (context) => {
      const [keygen, openssl] = [requireTool(context, "ssh-keygen"), requireTool(context, "openssl")];
      await using job = await start();
      expectSuccess(await job.run({ "certificate-ttl": "30m" }));
      const { directory = "" } = job.github.readOutputs();
      const at = (name: string): string => join(directory, name);

      const ssh = runTool(keygen, ["-L", "-f", at("key-cert.pub")]);
      expect(ssh).toContain("Type: ecdsa-sha2-nistp256-cert-v01@openssh.com user certificate");
      expect(ssh).toContain('Key ID: "bot-robot"');
      const principals = /Principals: *\n([\s\S]*?) {8}Critical/.exec(ssh)?.[1]?.trim().split(/\s+/);
      expect(principals).toEqual(expect.arrayContaining(["root", "deploy"]));
      expect(principals?.filter((name) => !name.startsWith("-teleport-"))).toEqual(["root", "deploy"]);
      expect(ssh).toContain("Critical Options: (none)");
      expect(ssh).toMatch(/Extensions: *\n[\s\S]*permit-pty/);
      for (const name of ["teleport-roles", "teleport-traits", "impersonator"]) expect(ssh).toContain(name);
      const [, from = "", to = ""] = /Valid: from (\S+) to (\S+)/.exec(ssh) ?? [];
      const minutes = (Date.parse(to) - Date.parse(from)) / 60_000;
      expect(minutes).toBeGreaterThan(29);
      expect(minutes).toBeLessThan(32);
      const publicKey = runTool(keygen, ["-y", "-f", at("key")]).trim();
      expect(readFileSync(at("key.pub"), "utf8").trim()).toBe(publicKey);

      expect(runTool(openssl, ["verify", "-CAfile", at("teleport-user-ca.crt"), at("tlscert")])).toContain(
        ": OK",
      );
      expect(() =>
        runTool(openssl, ["verify", "-CAfile", at("teleport-host-ca.crt"), at("tlscert")]),
      ).toThrow();
      const text = runTool(openssl, [
        "x509",
        "-in",
        at("tlscert"),
        "-noout",
        "-subject",
        "-nameopt",
        "RFC2253",
      ]);
      expect(text).toContain("CN=bot-robot");
      expect(text).toContain("O=ssh-access");
      expect(text).toContain("O=deploy-only");
      const tlsKey = runTool(openssl, ["x509", "-in", at("tlscert"), "-noout", "-pubkey"]);
      expect(runTool(openssl, ["pkey", "-in", at("key"), "-pubout"])).toBe(tlsKey);
    });

    test("the post step takes everything back, and what was there before is there again", async () => {
      const before = { TELEPORT_PROXY: "elsewhere.test:443", TELEPORT_IDENTITY_FILE: "/old/identity" };
      await using job = await start({ env: before });
      mkdirSync(join(job.workspace, "out"));
      writeFileSync(join(job.workspace, "out", "notes"), "mine");
      expectSuccess(await job.run({ directory: "out" }));
      expect(readdirSync(join(job.workspace, "out"))).toHaveLength(
        identityFiles.length + profile.clusterFiles.length + 1,
      );
      const post = await job.post();
      expectSuccess(post);
      expect(readdirSync(join(job.workspace, "out"))).toEqual(["notes"]);
      const exported = readFileSync(
        job.github.env["GITHUB_ENV"]?.replace("commands/", "commands_post/") ?? "",
        "utf8",
      );
      for (const [name, value] of Object.entries(before)) {
        expect(exported).toMatch(new RegExp(`^${name}<<(\\S+)\n${value}\n\\1$`, "m"));
      }
      // What was not set cannot be unset, only emptied.
      for (const name of ["TELEPORT_AUTH_SERVER", "TELEPORT_SSH_CONFIG"]) {
        expect(exported).toMatch(new RegExp(`^${name}<<(\\S+)\n\n\\1$`, "m"));
      }
      expect(logLines(post)).toEqual([
        expect.stringMatching(/^Removed .*\/out and restored the variables\.$/),
      ]);
    });
  });

  describe(`the post step on ${node.name}`, () => {
    const start = (): Promise<Job> => startJob(emulators.get("18") as Emulator, { node: node.path });

    /** Runs it and expects that it ends well, with these lines. */
    async function expectPost(
      job: Job,
      env: Record<string, string | undefined>,
      lines: (string | RegExp)[],
    ): Promise<void> {
      const post = await job.post(env);
      expectSuccess(post);
      const found = logLines(post);
      expect(found).toHaveLength(lines.length);
      for (const [index, line] of lines.entries()) {
        if (typeof line === "string") expect(found[index]).toBe(line);
        else expect(found[index]).toMatch(line);
      }
    }

    test("has nothing to do when the main step did not get far, or cleanup is off", async () => {
      await using job = await start();
      await expectPost(job, {}, []);
      expectSuccess(await job.run({ cleanup: "false" }));
      await expectPost(job, {}, []);
      expect(readdirSync(job.github.readOutputs()["directory"] ?? "")).toContain("key");
    });

    test.for([
      ["no JSON", "{"],
      ["another form", '{"outputs":"/etc"}'],
      ["other members", '{"outputs":[{"directory":"/etc"}],"variables":[]}'],
    ])("warns of a damaged state (%s), and fails nothing", async ([, state]) => {
      await using job = await start();
      await expectPost(job, { STATE_cleanup: state }, [
        /^::warning title=bot-join::The identity of this job could not be cleaned up: /,
      ]);
    });

    test("removes nothing of others: the folder was replaced by a link, or by another folder", async () => {
      for (const replace of ["link", "folder"]) {
        await using job = await start();
        expectSuccess(await job.run());
        const { directory = "" } = job.github.readOutputs();
        renameSync(directory, `${directory}-moved`);
        const victim = replace === "link" ? join(job.workspace, "victim") : directory;
        mkdirSync(victim);
        writeFileSync(join(victim, "key"), "somebody else's");
        if (replace === "link") symlinkSync(victim, directory);
        await expectPost(job, {}, [
          /^::warning title=bot-join::.* is no longer the folder that was written to/,
        ]);
        expect(readFileSync(join(victim, "key"), "utf8")).toBe("somebody else's");
      }
    });

    test("leaves files and variables of others alone, and says so", async () => {
      await using job = await start();
      expectSuccess(await job.run());
      const { directory = "" } = job.github.readOutputs();
      writeFileSync(join(directory, "notes"), "mine");
      await expectPost(job, { TELEPORT_PROXY: "changed.test:443" }, [
        /^::warning title=bot-join::.* holds files of others: it was left where it is\.$/,
      ]);
      expect(readdirSync(directory)).toEqual(["notes"]);
      const { GITHUB_ENV = "" } = job.github.env;
      const exported = readFileSync(GITHUB_ENV.replace("commands/", "commands_post/"), "utf8");
      expect(exported).not.toContain("TELEPORT_PROXY");
      expect(exported).toContain("TELEPORT_AUTH_SERVER");
    });
  });
}
