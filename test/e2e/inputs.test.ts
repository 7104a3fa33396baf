import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Emulator } from "@bot-join/emulator";
import { parseResources } from "@bot-join/resources";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { githubIssuer, startTestEmulator } from "../support/emulator.ts";
import { nodePrograms } from "../support/run-bundle.ts";
import { requireTool, runTool } from "../support/tools.ts";
import {
  errorText,
  expectFailure,
  expectNothingHandedOn,
  expectSuccess,
  type Job,
  type JobOptions,
  logLines,
  startJob,
} from "./job.ts";

/** A secret token of a name of its own, since it can be used once. */
function secretTokenResource(name: string): string {
  return `{kind: token, version: v2, metadata: {name: ${name}}, spec: {roles: [Bot], bot_name: robot, join_method: token}}`;
}

/** A bot whose roles give it no login. */
const moreResources = `
kind: role
version: v6
metadata: {name: no-login}
spec:
  allow:
    logins: ['{{internal.logins}}']
    node_labels: {'*': '*'}
---
kind: bot
version: v1
metadata: {name: mute}
spec: {roles: [no-login]}
---
kind: token
version: v2
metadata: {name: mute}
spec:
  roles: [Bot]
  bot_name: mute
  join_method: github
  github: {allow: [{repository: acme/shop}]}
`;

let emulator: Emulator;
let rsaOnly: Emulator;

beforeAll(async () => {
  emulator = await startTestEmulator();
  emulator.addResources(parseResources(moreResources, "inputs.test.ts"));
  rsaOnly = await startTestEmulator({ rsaOnly: true });
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await rsaOnly[Symbol.asyncDispose]();
});

/** Names and lines of the log without times, which differ. */
function log(result: Parameters<typeof logLines>[0]): string {
  return logLines(result).join("\n");
}

for (const node of nodePrograms()) {
  const start = (options: Partial<JobOptions> = {}): Promise<Job> =>
    startJob(emulator, { node: node.path, ...options });

  describe(`several joins in one job on ${node.name}`, () => {
    test("a second join: inputs win over what the first one exported", async () => {
      await using first = await start({ env: { TELEPORT_PROXY: "elsewhere.test:443" } });
      expectSuccess(await first.run());
      expect(first.github.readExports()["TELEPORT_PROXY"]).toBe(emulator.proxyAddress);
      const exported = { ...first.github.readExports(), TELEPORT_PROXY: "elsewhere.test:443" };
      await using second = await start({ env: exported });
      expectSuccess(await second.run());
      expect(second.github.readExports()).toMatchObject({
        TELEPORT_PROXY: emulator.proxyAddress,
        TELEPORT_IDENTITY_FILE: second.github.readOutputs()["identity-file"],
      });
      // Each post step takes back its own.
      expectSuccess(await second.post());
      expect(existsSync(first.github.readOutputs()["identity-file"] ?? "")).toBe(true);
    });

    test("an id gives the identity variables of its own and touches nothing of the first", async () => {
      await using first = await start();
      expectSuccess(await first.run());
      const exported = first.github.readExports();
      await using second = await start({ env: exported });
      expectSuccess(await second.run({ id: "staging.eu-1" }));
      const { directory = "" } = second.github.readOutputs();
      expect(directory).toMatch(/\/bot-join-staging\.eu-1-[0-9a-f]{12}$/);
      expect(second.github.readExports()).toEqual({
        BOT_JOIN_STAGING_EU_1_IDENTITY_FILE: join(directory, "identity"),
        BOT_JOIN_STAGING_EU_1_PROXY: emulator.proxyAddress,
        BOT_JOIN_STAGING_EU_1_SSH_CONFIG: join(directory, "ssh_config"),
      });
      // Variables of a join are no inputs of the next one.
      await using third = await start({ env: { ...exported, ...second.github.readExports() } });
      expectSuccess(await third.run());
      expectSuccess(await second.post());
      expect(existsSync(directory)).toBe(false);
      expect(readdirSync(first.github.readOutputs()["directory"] ?? "")).toContain("key");
    });

    test("two joins into one directory at once: one wins, the other is told that it is busy", async () => {
      await using first = await start();
      await using second = await start({ tokenEndpoint: { kind: "slow", delayMs: 1_000 } });
      const directory = join(first.workspace, "shared");
      let firstRun: ReturnType<Job["run"]> | undefined;
      // The second holds the directory from its start, and waits for its ID token.
      const results = await new Promise<[Awaited<ReturnType<Job["run"]>>, Awaited<ReturnType<Job["run"]>>]>(
        (resolve, reject) => {
          const secondRun = second.run(
            { directory },
            {
              onOutput: () => {
                firstRun ??= first.run({ directory });
              },
            },
          );
          secondRun
            .then(async (result) => resolve([await (firstRun ?? first.run({ directory })), result]))
            .catch(reject);
        },
      );
      const [lost, won] = results;
      expectSuccess(won);
      expect(lost.status).toBe(1);
      expect(errorText(lost)).toMatch(
        /^The output directory .*\/shared is being written by process \d+ on .*\n[\s\S]*\nERR_OUTPUT_DIRECTORY_BUSY, /,
      );
      expectNothingHandedOn(first);
      expect(readdirSync(directory)).toHaveLength(13);
      expect(readdirSync(directory)).not.toContain(".bot-join.lock");
    });
  });

  describe(`what is asked for on ${node.name}`, () => {
    test("roles given: those alone, and no question about others", async () => {
      await using job = await start();
      expectSuccess(await job.run({ roles: "deploy-only", "certificate-ttl": "10h" }));
      expect(job.github.readOutputs()).toMatchObject({ roles: "deploy-only", logins: "deploy" });
    });

    test("a lifetime that a role does not allow is shortened, with a warning", async () => {
      await using job = await start();
      const result = await job.run({ roles: "deploy-only", "certificate-ttl": "10h" });
      expect(log(result)).toMatch(
        /^::warning title=bot-join::The cluster shortened the lifetime from 10h to (2h|1h 59m 5\ds): the max_session_ttl of a role, or the cluster's own limit for bots, is smaller\.$/m,
      );
    });

    test("roles that the bot may not have", async () => {
      await using job = await start();
      expectFailure(job, await job.run({ roles: "access,editor" }), "ERR_JOIN_ROLES", [
        'user "bot-robot" has requested role impersonation for ["access" "editor"]',
        "tctl get role/bot-robot",
      ]);
      expectFailure(job, await job.run({ roles: "no-such-role" }), "ERR_JOIN_ROLES", ["no-such-role"]);
    });

    test("two identity outputs, one with roles and a folder of its own", async () => {
      await using job = await start();
      const outputs = [
        "- type: identity",
        "- type: identity",
        "  roles: [deploy-only]",
        "  ssh_config: off",
        "  destination: {type: directory, path: deploy}",
      ].join("\n");
      expectSuccess(await job.run({ outputs }));
      const { directory = "", roles } = job.github.readOutputs();
      expect(roles).toBe("ssh-access,deploy-only");
      expect(readdirSync(directory)).toHaveLength(13);
      expect(readdirSync(join(job.workspace, "deploy")).sort()).toEqual([
        "identity",
        "key",
        "key-cert.pub",
        "key.pub",
        "teleport-database-ca.crt",
        "teleport-host-ca.crt",
        "teleport-user-ca.crt",
        "tlscert",
      ]);
      const key = (folder: string): string => readFileSync(join(folder, "key"), "utf8");
      expect(key(directory)).not.toBe(key(join(job.workspace, "deploy")));
      expectSuccess(await job.post());
      expect([existsSync(directory), existsSync(join(job.workspace, "deploy"))]).toEqual([false, false]);
    });

    test("types that are none, misspelt keys and wrong forms are all named, with their places", async () => {
      await using job = await start();
      const outputs = [
        "- type: kubernetes/v2",
        "  destination: kube",
        "- type: identity",
        "  destinaton: here",
        "- type: spiffe-svid",
        "- type: identity",
        "  destination: {type: kubernetes_secret, name: x}",
        "  roles: 5",
      ].join("\n");
      expectFailure(job, await job.run({ outputs }), "ERR_RUN_OUTPUTS_INPUT", [
        "line 1, column 3: at least one selector must be provided",
        /line 4, column 3: unknown key "destinaton"; did you mean destination\?/,
        "line 5, column 9: outputs of type spiffe-svid are not possible: Teleport has replaced it",
        "destinations of type kubernetes_secret are not possible: it belongs to bots that live in a",
        "roles must be a list",
      ]);
      expectFailure(job, await job.run({ outputs: "- type: [" }), "ERR_RUN_OUTPUTS_INPUT", ["line 1"]);
      expectFailure(job, await job.run({ outputs: "identity" }), "ERR_RUN_OUTPUTS_INPUT", [
        "a list of outputs is wanted",
      ]);
    });

    test("config has to be a file that is there", async () => {
      await using job = await start();
      expectFailure(job, await job.run({ config: "tbot.yaml" }), "ERR_RUN_FILE_INPUT", [
        /The input config names .*\/tbot\.yaml, which cannot be read/,
      ]);
    });

    test("no variables, by disable-env-vars and by export-env", async () => {
      for (const inputs of [{ "disable-env-vars": "true" }, { "export-env": "false" }]) {
        await using job = await start();
        expectSuccess(await job.run(inputs));
        expect(job.github.readExports()).toEqual({});
        expect(job.github.readOutputs()["identity-file"]).toMatch(/identity$/);
        expectSuccess(await job.post());
      }
    });

    test("inputs of teleport-actions/auth: accepted, and telemetry gets one notice", async () => {
      await using job = await start();
      const result = await job.run({ "anonymous-telemetry": "1", "allow-reissue": "true", debug: "false" });
      expectSuccess(result);
      expect(logLines(result).filter((line) => line.includes("telemetry"))).toEqual([
        "The input anonymous-telemetry has no effect: bot-join sends no telemetry.",
      ]);
    });

    test("expectations that hold, and one message about all that do not", async () => {
      await using job = await start();
      expectFailure(
        job,
        await job.run({
          "expect-cluster": "prod.test",
          "expect-bot": "deployer",
          "expect-roles": "ssh-access",
        }),
        "ERR_RUN_UNEXPECTED_IDENTITY",
        [
          "the cluster is bot.test, expected prod.test; the bot is robot, expected deployer; " +
            "the roles are deploy-only, ssh-access, expected ssh-access. Nothing was written or exported.",
        ],
      );
      expectSuccess(
        await job.run({
          "expect-cluster": "bot.test",
          "expect-bot": "robot",
          "expect-roles": "deploy-only, ssh-access",
        }),
      );
    });

    test("a certificate without logins: a warning with both causes", async () => {
      await using job = await start();
      const result = await job.run({ token: "mute" });
      expectSuccess(result);
      expect(log(result)).toMatch(
        /^::warning title=bot-join::The certificate for no-login holds no login, .*the roles have no logins, or .*trait "logins" is empty/m,
      );
      expect(job.github.readOutputs()["logins"]).toBe("");
    });
  });

  describe(`trust and keys on ${node.name}`, () => {
    test("ca-pins: the right one, and a wrong one", async (context) => {
      const openssl = requireTool(context, "openssl");
      await using job = await start();
      expectSuccess(await job.run({ directory: "first" }));
      const hostCa = join(job.workspace, "first", "teleport-host-ca.crt");
      const publicKey = runTool(openssl, ["x509", "-in", hostCa, "-noout", "-pubkey"]);
      const der = Buffer.from(publicKey.replace(/-----[^-]+-----|\s/g, ""), "base64");
      const pin = `sha256:${createHash("sha256").update(der).digest("hex")}`;
      const wrong = `sha256:${"0".repeat(64)}`;
      await using pinned = await start();
      expectSuccess(await pinned.run({ "ca-pins": `${wrong}\n${pin}` }));
      await using refused = await start();
      expectFailure(refused, await refused.run({ "ca-pin": wrong }), "ERR_JOIN_CA_PIN_MISMATCH", [pin]);
    });

    test("insecure works and warns loudly; without trust the same proxy is refused", async () => {
      await using job = await start();
      expectFailure(job, await job.run({ "ca-file": undefined }), "ERR_TRANSPORT_CERTIFICATE_UNTRUSTED", [
        emulator.proxyAddress,
        "ca-file",
        "NODE_EXTRA_CA_CERTS",
      ]);
      const result = await job.run({ "ca-file": undefined, insecure: "true" });
      expectSuccess(result);
      expect(logLines(result)[0]).toMatch(/^::warning title=bot-join::insecure is set: .* NOT verified/);
    });

    test("NODE_EXTRA_CA_CERTS is trusted", async () => {
      await using job = await start();
      expectSuccess(await job.run({ "ca-file": undefined }, { env: { NODE_EXTRA_CA_CERTS: job.caFile } }));
    });

    test("fips: RSA-2048 keys from the start", async (context) => {
      const keygen = requireTool(context, "ssh-keygen");
      await using job = await start();
      const result = await job.run({ fips: "true" });
      expectSuccess(result);
      expect(log(result)).not.toContain("trying once more");
      const { directory = "" } = job.github.readOutputs();
      const shown = runTool(keygen, ["-L", "-f", join(directory, "key-cert.pub")]);
      expect(shown).toContain("Type: ssh-rsa-cert-v01@openssh.com user certificate");
      expect(runTool(keygen, ["-l", "-f", join(directory, "key.pub")])).toMatch(/^2048 .*\(RSA\)\n$/);
    });

    test("a cluster that takes RSA alone: one retry, said in the log", async () => {
      await using job = await startJob(rsaOnly, { node: node.path });
      const result = await job.run();
      expectSuccess(result);
      expect(
        log(result).match(/The cluster refused an ECDSA key; trying once more with RSA-2048/g),
      ).toHaveLength(1);
      expect(readFileSync(join(job.github.readOutputs()["directory"] ?? "", "key.pub"), "utf8")).toMatch(
        /^ssh-rsa /,
      );
    });
  });

  describe(`where the proof comes from on ${node.name}`, () => {
    const claims = { aud: "teleport.cluster.local", sub: "repo:acme/shop", repository: "acme/shop" };

    test("id-token, id-token-file and id-token-command, outside of GitHub's endpoint", async () => {
      const token = await emulator.issuer(githubIssuer).sign(claims);
      await using job = await start({ tokenEndpoint: "missing" });
      job.addSecret({ what: "the given ID token", value: token });
      const file = job.writeInput("token.jwt", `${token}\n`);
      for (const inputs of [
        { "id-token": token },
        { "id-token-file": "token.jwt" },
        { "id-token-command": `cat '${file}'` },
      ]) {
        const result = await job.run(inputs, { env: { PATH: process.env["PATH"] ?? "" } });
        expectSuccess(result);
        expect(result.stdout.indexOf(`::add-mask::${token}`)).toBeLessThan(
          result.stdout.indexOf("ID token from the"),
        );
        expect(result.stdout.indexOf(`::add-mask::${token}`)).toBeGreaterThanOrEqual(0);
      }
      expect(job.github.tokenRequests).toEqual([]);
    });

    test("method token: the name is the secret, masked first and never shown", async () => {
      const secretToken = `s3cr3t-0123456789abcdef-${node.name.replace(" ", "-")}`;
      emulator.addResources(parseResources(secretTokenResource(secretToken), "inputs.test.ts"));
      await using job = await start({ tokenEndpoint: "missing" });
      job.addSecret({ what: "the secret token", value: secretToken });
      const result = await job.run({ token: secretToken, "join-method": "token" });
      expectSuccess(result);
      expect(result.stdout.startsWith(`::add-mask::${secretToken}\n`)).toBe(true);
    });

    test("method token: a wrong one is not shown either, in the refusal", async () => {
      await using job = await start();
      const wrong = "n0-such-s3cret-token-anywhere";
      job.addSecret({ what: "the secret token", value: wrong });
      expectFailure(
        job,
        await job.run({ token: wrong, "join-method": "token" }),
        "ERR_JOIN_TOKEN_NOT_FOUND",
        ["given (a secret, not shown)", "tctl tokens ls"],
      );
    });

    test("method token: a request whose answer was lost is not sent again", async () => {
      const secretToken = "s3cr3t-0123456789abcdef-never-again";
      await using faulty = await startTestEmulator({ faults: { join: "truncated" } });
      faulty.addResources(parseResources(secretTokenResource(secretToken), "inputs.test.ts"));
      await using job = await startJob(faulty, { node: node.path });
      job.addSecret({ what: "the secret token", value: secretToken });
      const result = await job.run({ token: secretToken, "join-method": "token" });
      const text = expectFailure(job, result, "ERR_TRANSPORT_CONNECTION_LOST", ["host/credentials"]);
      expect(text).not.toContain("Earlier tries");
      expect(log(result)).not.toContain("try 1 failed");
    });

    test("method token: nor one that a gateway answered, since the cluster may have seen it", async () => {
      const secretToken = "s3cr3t-0123456789abcdef-gateway";
      await using faulty = await startTestEmulator({ faults: { join: { status: 504 } } });
      faulty.addResources(parseResources(secretTokenResource(secretToken), "inputs.test.ts"));
      await using job = await startJob(faulty, { node: node.path });
      job.addSecret({ what: "the secret token", value: secretToken });
      const result = await job.run({ token: secretToken, "join-method": "token" });
      const text = expectFailure(job, result, "ERR_JOIN_CLUSTER_FAILED", ["504"]);
      expect(text).not.toContain("Earlier tries");
      expect(log(result)).not.toContain("try 1 failed");
    });
  });

  describe(`an end before the end on ${node.name}`, () => {
    test.for(["SIGTERM", "SIGINT"] as const)(
      "cancelled by %s: nothing is left, and the step fails",
      async (signal) => {
        await using job = await start({ tokenEndpoint: { kind: "slow", delayMs: 15_000 } });
        let kill = (_: NodeJS.Signals): void => undefined;
        const result = await job.run(
          {},
          {
            onStart: (given) => {
              kill = given;
            },
            // The request token is masked right before the request that hangs. A second signal would end it at once.
            onOutput: () => {
              kill(signal);
              kill = () => undefined;
            },
          },
        );
        expectFailure(job, result, "ERR_RUN_CANCELLED", ["was cancelled"]);
        expectSuccess(await job.post());
      },
    );

    test("the timeout is for the whole join", async () => {
      await using slow = await startTestEmulator({ faults: { delayMs: 15_000 } });
      await using job = await startJob(slow, { node: node.path });
      const started = performance.now();
      expectFailure(job, await job.run({ timeout: "1s" }), "ERR_RUN_TIMEOUT", ["1s", "timeout"]);
      expect(performance.now() - started).toBeLessThan(5_000);
    });
  });
}
