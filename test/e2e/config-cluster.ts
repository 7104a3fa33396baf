import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { type Emulator, type GitHubJob, startGitHubJob } from "@bot-join/emulator";
import { parseResources } from "@bot-join/resources";
import { startSshd } from "../../packages/cli/src/demo/sshd.ts";
import { githubIssuer, startTestEmulator } from "../support/emulator.ts";
import { type HttpBackend, startHttpBackend } from "../support/http-backend.ts";
import { type KubeApi, startKubeApi } from "../support/kube-api.ts";
import { startPostgres } from "../support/postgres.ts";
import { type BundleResult, runProgram } from "../support/run-bundle.ts";
import { systemClock } from "../support/system-clock.ts";
import { tempDir } from "../support/temp-dir.ts";
import { root, type ServedRelease, serveRelease } from "./platforms/platform-job.ts";

/** A name of the examples, and the version of their cluster. */
interface ExampleClusterOptions {
  version?: "14" | "18";
  /** Program of a real node; default: there is no node. */
  sshd?: string | undefined;
  /** Folder of PostgreSQL's programs; default: the database is there, and nobody answers. */
  postgres?: string | undefined;
}

/** The cluster `example.teleport.sh` with everything that examples/outputs and the workflows of examples/github name. */
export interface ExampleCluster extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly login: string;
  readonly kubeApi: KubeApi;
  readonly application: HttpBackend;
  /** Puts this cluster's addresses and login in the place of those that all examples have. */
  fit(text: string): string;
}

/** Starts an {@link ExampleCluster}; its documents are those that the examples tell the administrator to create. */
export async function startExampleCluster(options: ExampleClusterOptions = {}): Promise<ExampleCluster> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(tempDir());
  const login = userInfo().username;
  const kubeApi = stack.use(await startKubeApi(["web-0", "web-1"]));
  const application = stack.use(await startHttpBackend());
  const kube = Buffer.from(kubeApi.kubeconfig).toString("base64");
  const documents = [
    readFileSync(join(root, "examples/outputs/resources.yaml"), "utf8").replace(
      "logins: [deploy]",
      `logins: [${JSON.stringify(login)}]`,
    ),
    `{kind: kube_cluster, version: v3, metadata: {name: prod-eu, labels: {env: production}}, spec: {kubeconfig: ${kube}}}`,
    `{kind: kube_cluster, version: v3, metadata: {name: lab, labels: {env: staging}}, spec: {kubeconfig: ${kube}}}`,
    `{kind: app, version: v3, metadata: {name: grafana, labels: {env: production}}, spec: {uri: '${application.url}'}}`,
  ];
  const emulator = stack.use(
    await startTestEmulator({
      clusterName: "example.teleport.sh",
      version: options.version ?? "18",
      resources: parseResources(documents.join("\n---\n"), "examples/outputs/resources.yaml"),
    }),
  );
  const uri =
    options.postgres === undefined
      ? "127.0.0.1:1"
      : stack.use(
          await startPostgres({
            programs: options.postgres,
            ...emulator.issueDatabaseCertificate(["127.0.0.1", "localhost"]),
            users: ["ci", "shop"],
          }),
        ).address;
  emulator.addResources(
    parseResources(
      `{kind: db, version: v3, metadata: {name: orders, labels: {env: production}}, spec: {protocol: postgres, uri: '${uri}'}}`,
      "test",
    ),
  );
  if (options.sshd !== undefined) {
    if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
    const node = stack.use(
      await startSshd(options.sshd, join(folder.path, "sshd"), {
        userCaPublicKeys: emulator.userCaPublicKeys,
        signHostKey: (key) => emulator.signHostKey(key, ["web-1.example.teleport.sh"]),
      }),
    );
    emulator.addNode({
      hostname: "web-1",
      uuid: randomUUID(),
      address: node.address,
      labels: { env: "production" },
    });
  }
  const [host = "", port = ""] = emulator.proxyAddress.split(":");
  const rest = stack.move();
  return {
    emulator,
    login,
    kubeApi,
    application,
    fit: (text) =>
      text
        .replaceAll("example.teleport.sh:443", emulator.proxyAddress)
        .replaceAll("https://grafana.example.teleport.sh", `https://grafana.${host}:${port}`)
        .replaceAll("PGHOST: example.teleport.sh", `PGHOST: ${host}`)
        .replaceAll("PGPORT: 443", `PGPORT: ${port}`)
        .replaceAll("host=example.teleport.sh port=443", `host=${host} port=${port}`)
        .replaceAll("deploy@", `${login}@`),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

/** A job of GitHub's in the environment that the examples' token lets in, with programs of the working tree. */
export interface ExampleJob extends AsyncDisposable {
  readonly github: GitHubJob;
  /** What its steps run in. */
  readonly workspace: string;
  readonly caFile: string;
  write(name: string, text: string): string;
  /** Runs `bot-join` in a shell step. */
  botJoin(args: string[], environment?: Record<string, string>): Promise<BundleResult>;
  /** Runs another program there. */
  run(program: string, args: string[], environment?: Record<string, string>): Promise<BundleResult>;
}

/** Builds what the action and the command line are, from the working tree. */
export function serveAction(): Promise<ServedRelease> {
  return serveRelease({
    platforms: ["github"],
    bundles: [
      ...["join", "cleanup", "auth-k8s", "auth-application", "database"],
      ...["yaml", "node-forge", "ssh-proxy", "bot-join"],
    ],
  });
}

/** Starts an {@link ExampleJob}. */
export async function startExampleJob(
  { emulator }: ExampleCluster,
  release: ServedRelease,
): Promise<ExampleJob> {
  const folder = tempDir();
  const github = await startGitHubJob({
    issuer: emulator.issuer(githubIssuer),
    clock: systemClock,
    directory: folder.path,
    claims: { repository: "octo-org/shop", environment: "production" },
  });
  const workspace = join(folder.path, "workspace");
  mkdirSync(workspace, { recursive: true });
  const caFile = join(folder.path, "web-ca.pem");
  writeFileSync(caFile, emulator.webCaPem);
  const base = {
    ...github.env,
    PATH: process.env["PATH"] ?? "",
    HOME: folder.path,
    BOT_JOIN_CA_FILE: caFile,
  };
  const run: ExampleJob["run"] = (program, args, environment = {}) =>
    runProgram(program, args, { env: { ...base, ...environment }, cwd: workspace });
  return {
    github,
    workspace,
    caFile,
    run,
    write(name, text) {
      const path = join(workspace, name);
      writeFileSync(path, text);
      return path;
    },
    botJoin: (args, environment) =>
      run(process.execPath, [join(release.path, "github/dist/bot-join.cjs"), ...args], environment),
    async [Symbol.asyncDispose]() {
      await github[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}
