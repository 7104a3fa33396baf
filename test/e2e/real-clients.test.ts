import { createPublicKey, verify } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join, relative } from "node:path";
import { createServer, type TlsOptions } from "node:tls";
import { CertAuthorityV2Schema, GetCertAuthorityRequestSchema } from "@bot-join/proto";
import { parseResources } from "@bot-join/resources";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { requirePostgres, startPostgres } from "../support/postgres.ts";
import { type RawIdentity, rawAuth, rawKey } from "../support/raw-client.ts";
import type { BundleResult } from "../support/run-bundle.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { findTool, requireTool, runTool } from "../support/tools.ts";
import {
  type ExampleCluster,
  type ExampleJob,
  serveAction,
  startExampleCluster,
  startExampleJob,
} from "./config-cluster.ts";
import { root, type ServedRelease } from "./platforms/platform-job.ts";

/** Password of the keystores. */
const storePassword = "a-store-password";

/** Databases beside those of the examples, and a leaf cluster. */
const documents = `
kind: db
version: v3
metadata: {name: articles, labels: {env: production}}
spec: {protocol: mongodb, uri: '127.0.0.1:1'}
---
kind: db
version: v3
metadata: {name: ledger, labels: {env: production}}
spec: {protocol: cockroachdb, uri: '127.0.0.1:1'}
---
kind: remote_cluster
version: v3
metadata: {name: leaf.test}
`;

/** Folder → output, as a tbot.yaml has it. */
const outputs: Readonly<Record<string, string>> = {
  identity: "type: identity",
  leaf: "type: identity, cluster: leaf.test",
  host: "type: ssh_host, principals: [web-2, web-2.example.teleport.sh]",
  kube: "type: kubernetes, kubernetes_cluster: prod-eu",
  "kube-static": "type: kubernetes, kubernetes_cluster: prod-eu, disable_exec_plugin: true",
  kubes: "type: kubernetes/v2, selectors: [{name: lab}, {labels: {env: production}}]",
  "kubes-static": "type: kubernetes/v2, selectors: [{name: lab}], disable_exec_plugin: true",
  app: "type: application, app_name: grafana, specific_tls_naming: true, pkcs12: {password_env: STORE_PASSWORD}",
  db: "type: database, service: orders, username: ci, database: shop",
  "db-tls": "type: database, service: articles, username: ci, database: shop, format: tls",
  "db-mongo": "type: database, service: articles, username: ci, database: shop, format: mongo",
  "db-cockroach": "type: database, service: ledger, username: ci, database: shop, format: cockroach",
};

/** What only servers from version 17 on have. */
const workloads: Readonly<Record<string, string>> = {
  svid: "type: workload-identity-x509, selector: {name: deployer}",
  jwt: "type: workload-identity-jwt, selector: {labels: {env: [production]}}, audiences: [vault.example.com]",
};

/** The head of the examples' tbot.yaml, and these outputs. */
function tbotYaml(wanted: Readonly<Record<string, string>>): string {
  const [head = ""] = readFileSync(join(root, "examples/outputs/identity.yaml"), "utf8").split("outputs:");
  const items = Object.entries(wanted).map(
    ([path, keys]) => `  - {${keys}, destination: {path: ./${path}}}\n`,
  );
  return `${head}outputs:\n${items.join("")}`;
}

let release: ServedRelease;

beforeAll(async () => {
  release = await serveAction();
}, 120_000);

afterAll(async () => {
  await release[Symbol.asyncDispose]();
});

function ok({ status, stdout, stderr }: BundleResult): string {
  expect(status, `${stdout}${stderr}`).toBe(0);
  return stdout;
}

/** A TLS server that says whom it sees and what it was sent, and ends. */
async function startEcho(options: TlsOptions): Promise<AsyncDisposable & { port: number }> {
  const server = createServer({ ...options, requestCert: true, rejectUnauthorized: true }, (socket) => {
    const { subject, subjectAltName } = socket.getPeerX509Certificate() ?? {};
    socket.on("error", () => undefined);
    socket.once("data", (chunk) => socket.end(`${subject ?? subjectAltName} said ${chunk}`));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

describe.each(["14", "18"] as const)(
  "one join at Teleport %s, and what real clients do with it",
  (version) => {
    const hasWorkloads = version === "18";
    const wanted = hasWorkloads ? { ...outputs, ...workloads } : outputs;
    let cluster: ExampleCluster;
    let job: ExampleJob;
    let joined: BundleResult;
    let folder: TempDir;

    beforeAll(async () => {
      folder = tempDir();
      cluster = await startExampleCluster({ version });
      cluster.emulator.addResources(parseResources(documents, "real-clients.test.ts"));
      job = await startExampleJob(cluster, release);
      job.write("tbot.yaml", cluster.fit(tbotYaml(wanted)));
      joined = await job.botJoin(["start", "-c", "tbot.yaml"], { STORE_PASSWORD: storePassword });
    }, 60_000);

    afterAll(async () => {
      await job[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });

    const at = (path: string): string => join(job.workspace, path);
    const read = (path: string): string => readFileSync(at(path), "utf8");
    const proxy = (): { host: string; port: string } => {
      const [host = "", port = ""] = cluster.emulator.proxyAddress.split(":");
      return { host, port };
    };

    /** Paths below the workspace of all files whose content matches. */
    function filesWith(pattern: RegExp): string[] {
      return readdirSync(job.workspace, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => relative(job.workspace, join(parentPath, name)))
        .filter((path) => pattern.test(readFileSync(at(path), "latin1")))
        .sort();
    }

    /** Says hello over TLS by `openssl s_client`, which waits until the server has answered and ended. */
    async function sayHello(openssl: string, args: string[]): Promise<string> {
      const client = [openssl, "s_client", "-quiet", "-verify_return_error", ...args];
      const { stdout, stderr } = await job.run("sh", ["-c", 'printf "hello\\n" | "$@"', "sh", ...client]);
      return stdout === "" ? stderr : stdout;
    }

    /** Makes the database `name` one that is served there. */
    function serveDatabase(name: string, protocol: string, address: string): void {
      const text = `{kind: db, version: v3, metadata: {name: ${name}, labels: {env: production}}, spec: {protocol: ${protocol}, uri: '${address}'}}`;
      cluster.emulator.addResources(parseResources(text, "real-clients.test.ts"));
    }

    test("the join itself", () => {
      ok(joined);
      expect(readdirSync(job.workspace).sort()).toEqual([...Object.keys(wanted), "tbot.yaml"].sort());
    });

    test("openssl: every certificate verifies, and is of the key beside it", (context) => {
      const openssl = requireTool(context, "openssl");
      const isBundle = (path: string): boolean => /-ca\.crt$|\.cas$|\/ca\.crt$|svid_bundle\.pem$/.test(path);
      const found = filesWith(/^-----BEGIN CERTIFICATE-----/m);
      const leaves = found.filter((path) => !isBundle(path));
      const folders = Object.keys(wanted).filter((name) => name !== "host" && name !== "jwt");
      for (const name of folders)
        expect(
          leaves.some((path) => path.startsWith(`${name}/`)),
          name,
        ).toBe(true);
      for (const path of found) {
        const authorities = isBundle(path)
          ? path
          : path.startsWith("svid/")
            ? "svid/svid_bundle.pem"
            : "identity/teleport-user-ca.crt";
        expect(runTool(openssl, ["verify", "-CAfile", at(authorities), at(path)])).toBe(`${at(path)}: OK\n`);
      }
      const pairs = filesWith(/^-----BEGIN (RSA |EC )?PRIVATE KEY-----/m).filter(
        (path) => !path.startsWith("host/"),
      );
      const certificateOf = (key: string): string =>
        read(key).includes("BEGIN CERTIFICATE")
          ? key
          : key
              .replace(/svid_key\.pem$/, "svid.pem")
              .replace(/\.key$/, ".crt")
              .replace(/\/key$/, "/tlscert");
      for (const key of pairs) {
        const ofKey = runTool(openssl, ["pkey", "-in", at(key), "-pubout"]);
        expect(runTool(openssl, ["x509", "-in", at(certificateOf(key)), "-noout", "-pubkey"]), key).toBe(
          ofKey,
        );
      }
      expect(pairs.map(certificateOf).sort()).toEqual(leaves);
    });

    test("ssh-keygen: every SSH certificate reads well, and is of an authority that is known", (context) => {
      const keygen = requireTool(context, "ssh-keygen");
      const fingerprints = (path: string): string[] =>
        [...runTool(keygen, ["-l", "-f", path]).matchAll(/SHA256:\S+/g)].map(([text]) => text);
      const hostAuthorities = join(folder.path, "host-ca.pub");
      writeFileSync(hostAuthorities, `${cluster.emulator.hostCaPublicKeys.join("\n")}\n`);
      const userKeys = fingerprints(at("host/ssh_host-user-ca.pub"));
      const hostKeys = fingerprints(hostAuthorities);
      const found = filesWith(/-cert-v01@openssh\.com /).filter((path) => path.endsWith("-cert.pub"));
      const identities = Object.keys(outputs).filter((name) => name !== "host");
      expect(found).toEqual(
        [...identities.map((name) => `${name}/key-cert.pub`), "host/ssh_host-cert.pub"].sort(),
      );
      for (const path of found) {
        const shown = runTool(keygen, ["-L", "-f", at(path)]);
        const isHost = path.startsWith("host/");
        expect(shown).toContain(isHost ? "host certificate" : "user certificate");
        const [, authority] = /Signing CA: \S+ (SHA256:\S+)/.exec(shown) ?? [];
        expect(isHost ? hostKeys : userKeys, path).toContain(authority);
        // The public key is that of the private key beside it, which OpenSSH can load.
        const key = at(path.replace("-cert.pub", ""));
        const [, ofCertificate] = /Public key: \S+ (SHA256:\S+)/.exec(shown) ?? [];
        expect([ofCertificate]).toEqual(fingerprints(key));
      }
    });

    test.for([
      ["kube", "example.teleport.sh-prod-eu"],
      ["kube-static", "example.teleport.sh-prod-eu"],
      ["kubes", "example.teleport.sh-lab"],
      ["kubes", "example.teleport.sh-prod-eu"],
      ["kubes-static", "example.teleport.sh-lab"],
    ] as const)("kubectl with %s lists pods of %s", async ([output, contextName], context) => {
      const kubectl = requireTool(context, "kubectl");
      const config = at(`${output}/kubeconfig.yaml`);
      const plugin = readFileSync(config, "utf8").includes("exec:");
      expect(plugin).toBe(!output.endsWith("-static"));
      const words = ["--kubeconfig", config, "--context", contextName, "get", "pods", "-o", "name"];
      const result = await job.run(kubectl, words);
      if (version === "14" && output.startsWith("kubes")) {
        // Such proxies know no addresses that name a cluster (outputs.md section 6.4), and the join has said so.
        expect(result.stderr).toMatch(/could not find the requested resource|doesn't have a resource type/);
        expect(joined.stderr).toMatch(/kubernetes\/v2[\s\S]*answer 404/);
        return;
      }
      expect(ok(result)).toBe("pod/web-0\npod/web-1\n");
      expect(cluster.kubeApi.requests.at(-1)?.headers).toMatchObject({
        "impersonate-user": "bot-ci-deploy",
        "impersonate-group": "system:masters, system:authenticated",
      });
    });

    test("curl reaches the application by key and certificate, by a keystore, and not without", async (context) => {
      const curl = requireTool(context, "curl");
      const url = cluster.fit("https://grafana.example.teleport.sh/api/health?x=1");
      const words = ["--silent", "--show-error", "--cacert", job.caFile, "--data", "a=b", url];
      for (const own of [
        ["--cert", at("app/tls.crt"), "--key", at("app/tls.key")],
        ["--cert", at("app/tlscert"), "--key", at("app/key"), "--http1.1"],
        ["--cert-type", "P12", "--cert", `${at("app/keystore.p12")}:${storePassword}`],
      ]) {
        const answer = ok(await job.run(curl, [...own, "--fail", ...words]));
        expect(JSON.parse(answer), own.join(" ")).toMatchObject({
          method: "POST",
          path: "/api/health?x=1",
          body: "a=b",
        });
      }
      const other = ["--cert", at("identity/tlscert"), "--key", at("identity/key")];
      for (const own of [[], other]) {
        const status = await job.run(curl, [
          ...own,
          "--output",
          "/dev/null",
          "--write-out",
          "%{http_code}",
          ...words,
        ]);
        expect(ok(status)).toBe("302");
      }
    });

    test("openssl and keytool open the PKCS#12 file, with its password alone", async (context) => {
      const openssl = requireTool(context, "openssl");
      const store = at("app/keystore.p12");
      const words = (password: string): string[] => ["pkcs12", "-in", store, "-passin", `pass:${password}`];
      const shown = runTool(openssl, [...words(storePassword), "-nodes"]);
      // Its own certificate, and the host authorities of both clusters.
      const blocks = shown.match(/(?<=BEGIN )[A-Z ]+(?=-)/g);
      expect(blocks?.sort()).toEqual(["CERTIFICATE", "CERTIFICATE", "CERTIFICATE", "PRIVATE KEY"]);
      expect(runTool(openssl, ["x509"], shown)).toBe(runTool(openssl, ["x509", "-in", at("app/tlscert")]));
      expect((await job.run(openssl, [...words("wrong"), "-noout"])).status).not.toBe(0);
      // A Java runtime is half a gigabyte: where there is one it is asked, and CI installs none.
      const keytool = findTool("keytool");
      if (keytool === undefined) return;
      const listed = await job.run(keytool, ["-list", "-keystore", store, "-storepass", storePassword]);
      expect(ok(listed)).toMatch(/PrivateKeyEntry/);
    });

    async function psql(
      program: string,
      files: { certificate: string; key: string; authority: string },
      login: { user?: string } = {},
    ): Promise<BundleResult> {
      const words = Object.entries({
        ...{ ...proxy(), user: "ci", dbname: "shop", sslmode: "verify-full" },
        ...{
          sslcert: at(files.certificate),
          sslkey: at(files.key),
          sslrootcert: at(files.authority),
          ...login,
        },
      }).map(([name, value]) => `${name}='${value}'`);
      const query = "select current_user || ' in ' || current_database()";
      return await job.run(program, ["-X", "-t", "-A", words.join(" "), "-c", query]);
    }

    test("psql reaches PostgreSQL as the user of the certificate, and as nobody else", async (context) => {
      const program = requireTool(context, "psql");
      const programs = requirePostgres(context);
      await using server = await startPostgres({
        programs,
        ...cluster.emulator.issueDatabaseCertificate(["127.0.0.1", "localhost"]),
        users: ["ci", "shop"],
      });
      serveDatabase("orders", "postgres", server.address);
      const host = "db/teleport-host-ca.crt";
      const own = { certificate: "db/tlscert", key: "db/key", authority: host };
      expect(ok(await psql(program, own))).toBe("ci in shop\n");
      expect(server.log()).toContain('connection authenticated: identity="CN=ci" method=cert');
      for (const [files, login] of [
        [own, { user: "shop" }],
        // The authority of databases is not that of the proxy, which psql meets first.
        [{ ...own, authority: "db/teleport-database-ca.crt" }, {}],
        [{ ...own, certificate: "identity/tlscert", key: "identity/key" }, {}],
      ] as const) {
        const refused = await psql(program, files, login);
        expect([refused.status, refused.stdout]).toEqual([2, ""]);
      }
      // CockroachDB speaks PostgreSQL's protocol: its files are good for the same client.
      serveDatabase("ledger", "postgres", server.address);
      const certificate = "db-cockroach/cockroach/node.crt";
      const cockroach = { certificate, key: "db-cockroach/cockroach/node.key", authority: host };
      expect(ok(await psql(program, cockroach))).toBe("ci in shop\n");
    }, 60_000);

    test("openssl s_client reaches a server with the files for MongoDB, and with those of the format tls", async (context) => {
      const openssl = requireTool(context, "openssl");
      const issued = cluster.emulator.issueDatabaseCertificate(["127.0.0.1"]);
      await using echo = await startEcho({
        cert: issued.certificatePem,
        key: issued.privateKeyPem,
        ca: issued.clientCaPem,
      });
      serveDatabase("articles", "mongodb", `127.0.0.1:${echo.port}`);
      const { host, port } = proxy();
      for (const files of [
        ["-cert", at("db-mongo/mongo.crt"), "-key", at("db-mongo/mongo.crt")],
        ["-cert", at("db-tls/tls.crt"), "-key", at("db-tls/tls.key")],
      ]) {
        const words = ["-connect", `${host}:${port}`, "-servername", host, "-CAfile", job.caFile];
        const answer = await sayHello(openssl, [...words, "-alpn", "teleport-mongodb", ...files]);
        expect(answer).toBe("CN=ci said hello\n");
      }
      // By these a client knows the database itself, where it meets it through a tunnel; tls.cas knows the proxy.
      const server = join(folder.path, "server.crt");
      writeFileSync(server, issued.certificatePem);
      for (const authority of ["db-mongo/mongo.cas", "db-cockroach/cockroach/ca.crt"])
        expect(runTool(openssl, ["verify", "-CAfile", at(authority), server])).toContain("OK");
      expect(read("db-tls/tls.cas")).toBe(read("db-tls/teleport-host-ca.crt"));
    });

    /** Starts sshd in a folder of its own. */
    async function sshd(
      context: TestContext,
      name: string,
      files: { hostKey: string; hostCertificate: string; userCaPublicKeys: string[] },
    ): Promise<Sshd> {
      const directory = join(folder.path, name);
      mkdirSync(directory, { recursive: true });
      return await startSshd({ sshd: requireTool(context, "sshd"), directory, ...files });
    }

    test("ssh: who has the identity output logs in to an sshd with the ssh_host output, and each knows the other", async (context) => {
      const ssh = requireTool(context, "ssh");
      await using server = await sshd(context, "host", {
        hostKey: at("host/ssh_host"),
        hostCertificate: read("host/ssh_host-cert.pub"),
        userCaPublicKeys: read("host/ssh_host-user-ca.pub").trimEnd().split("\n"),
      });
      cluster.emulator.addNode({
        ...{ hostname: "web-2", uuid: "0b9d4f0e-7f7a-4b7b-9a4d-2f1c3a5b6d70", address: server.address },
        labels: { env: "production" },
      });
      const reach = (name: string, ...options: string[]): Promise<BundleResult> => {
        const words = [
          "-F",
          at("identity/ssh_config"),
          "-o",
          "StrictHostKeyChecking=yes",
          "-o",
          "BatchMode=yes",
        ];
        const environment = { NODE_EXTRA_CA_CERTS: job.caFile };
        return job.run(ssh, [...words, ...options, `${cluster.login}@${name}`, "echo reached"], environment);
      };
      const reached = await reach("web-2.example.teleport.sh");
      expect(reached.stdout, `${reached.stderr}${server.log()}`).toBe("reached\n");
      // It is the certificate that is trusted: under a name that is not in it the host is a stranger.
      const stranger = await reach(
        "web-2.example.teleport.sh",
        "-o",
        "HostKeyAlias=web-3.example.teleport.sh",
      );
      expect([stranger.status, stranger.stdout]).toEqual([255, ""]);
      expect(stranger.stderr).toContain("Host key verification failed");
    });

    test("ssh -F reaches a node of a leaf cluster, with the leaf's output and with the root's", async (context) => {
      const ssh = requireTool(context, "ssh");
      const keygen = requireTool(context, "ssh-keygen");
      const { emulator, login } = cluster;
      const hostKey = join(folder.path, "leaf-host-key");
      runTool(keygen, ["-q", "-t", "ed25519", "-N", "", "-f", hostKey]);
      const blob = Buffer.from(readFileSync(`${hostKey}.pub`, "utf8").split(" ")[1] ?? "", "base64");
      await using server = await sshd(context, "leaf", {
        hostKey,
        hostCertificate: emulator.signHostKey(blob, ["db-1", "db-1.leaf.test"], "leaf.test"),
        userCaPublicKeys: emulator.userCaPublicKeys,
      });
      const leaf = `{kind: remote_cluster, version: v3, metadata: {name: leaf.test}, spec: {nodes: [{hostname: db-1, addr: '${server.address}'}]}}`;
      emulator.addResources(parseResources(leaf, "real-clients.test.ts"));
      for (const output of ["leaf", "identity"]) {
        const words = [
          "-F",
          at(`${output}/ssh_config`),
          "-o",
          "StrictHostKeyChecking=yes",
          "-o",
          "BatchMode=yes",
        ];
        const target = `${login}@db-1.leaf.test`;
        const result = await job.run(ssh, [...words, target, "echo reached"], {
          NODE_EXTRA_CA_CERTS: job.caFile,
        });
        expect(result.stdout, `${output}: ${result.stderr}${server.log()}`).toBe("reached\n");
      }
    });

    describe.runIf(hasWorkloads)("workload identities", () => {
      const svid = (name: string): string => at(`svid/${name}.pem`);

      test("openssl: the X.509 SVID is a client and a server to whoever has the bundle", async (context) => {
        const openssl = requireTool(context, "openssl");
        for (const purpose of ["sslclient", "sslserver"]) {
          const words = ["verify", "-purpose", purpose, "-CAfile", svid("svid_bundle"), svid("svid")];
          expect(runTool(openssl, words)).toContain("OK");
        }
        const [cert, key, ca] = ["svid", "svid_key", "svid_bundle"].map((name) => readFileSync(svid(name)));
        await using echo = await startEcho({ cert, key, ca });
        const answer = await sayHello(openssl, [
          ...["-connect", `127.0.0.1:${echo.port}`, "-CAfile", svid("svid_bundle")],
          ...["-cert", svid("svid"), "-key", svid("svid_key")],
        ]);
        expect(answer).toBe("URI:spiffe://example.teleport.sh/ci/deployer said hello\n");
      });

      test("the JWT SVID verifies with the key of the SPIFFE authority", async () => {
        const { emulator } = cluster;
        const identity: RawIdentity = {
          key: { ...rawKey(), privateKeyPem: read("identity/key") },
          ssh: read("identity/key-cert.pub"),
          tls: read("identity/tlscert"),
          tlsCaCerts: ["user", "host"].map((type) => read(`identity/teleport-${type}-ca.crt`)),
          sshCaCerts: [],
        };
        const target = { address: emulator.proxyAddress, ca: emulator.webCaPem };
        using auth = await rawAuth(target, emulator.clusterName, identity);
        const request = create(GetCertAuthorityRequestSchema, {
          type: "spiffe",
          domain: emulator.clusterName,
        });
        const { messages } = await auth.unary(
          "/teleport.trust.v1.TrustService/GetCertAuthority",
          toBinary(GetCertAuthorityRequestSchema, request),
        );
        const { spec } = fromBinary(CertAuthorityV2Schema, messages[0] ?? new Uint8Array());
        const pem = Buffer.from(spec?.activeKeys?.jwt[0]?.publicKey ?? new Uint8Array());
        const [header = "", claims = "", signature = ""] = read("jwt/jwt_svid").split(".");
        const decode = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString());
        expect(decode(header)).toMatchObject({ alg: "ES256" });
        expect(decode(claims)).toMatchObject({
          sub: "spiffe://example.teleport.sh/ci/deployer",
          aud: ["vault.example.com"],
        });
        // RFC 7518 section 3.4
        const key = { key: createPublicKey(pem), dsaEncoding: "ieee-p1363" } as const;
        const signed = Buffer.from(`${header}.${claims}`);
        expect(verify("sha256", signed, key, Buffer.from(signature, "base64url"))).toBe(true);
      });
    });
  },
);
