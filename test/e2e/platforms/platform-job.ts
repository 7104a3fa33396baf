import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type PlatformJoinMethod, platformClaims, platforms } from "@bot-join/emulator";
import { parseResources } from "@bot-join/resources";
import { startSshd } from "../../../packages/cli/src/demo/sshd.ts";
import { buildBundles } from "../../../scripts/bundle.ts";
import { packRelease } from "../../../scripts/pack.ts";
import { startTestEmulator } from "../../support/emulator.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import type { PlatformCase, PlatformJob } from "./platform-case.ts";

/** Folder of the repository. */
export const root: string = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** The names that all examples and pages use. */
const names = { cluster: "example.teleport.sh", node: "web-1", login: "deploy" } as const;

/** A release that was packed for these tests, served on loopback. */
export interface ServedRelease extends AsyncDisposable {
  /** Folder of the release. */
  path: string;
  downloadUrl: string;
  /** Names of the files that were asked for, in order. */
  requests: string[];
}

/** A {@link PlatformJob} that can be looked at afterwards. */
export interface StartedPlatformJob extends PlatformJob, AsyncDisposable {
  /** ID tokens that were made, in order. */
  readonly idTokens: readonly string[];
  /** The bot that the example's join token belongs to. */
  readonly bot: string;
  /** What the node's sshd has logged so far; empty where there is none. */
  sshdLog(): string;
  /** What lies in the job's directory and was not there before the job, or is different from then. */
  changes(): string[];
}

/**
 * Packs the working tree, from programs that are built now, and serves what jobs download. `only` names platforms, and
 * the bundles that they are packed from; default: all.
 */
export async function serveRelease(only?: {
  platforms: readonly string[];
  bundles: readonly string[];
}): Promise<ServedRelease> {
  const folder = tempDir();
  await packRelease(folder.path, await buildBundles(only?.bundles), only?.platforms);
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const name = (request.url ?? "/").slice(1);
    requests.push(name);
    const known = readdirSync(join(folder.path, "programs"));
    if (known.includes(name)) response.end(readFileSync(join(folder.path, "programs", name)));
    else response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    path: folder.path,
    downloadUrl: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      folder[Symbol.dispose]();
    },
  };
}

/** Every entry below a folder: its path → type, mode and content. */
function snapshot(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return new Map(
    entries.map((path) => {
      const whole = join(folder, path);
      const stat = lstatSync(whole);
      const mode = (stat.mode & 0o7777).toString(8);
      if (stat.isSymbolicLink()) return [path, `link to ${readlinkSync(whole)}`];
      if (!stat.isFile()) return [path, `${stat.isDirectory() ? "folder" : "other"} ${mode}`];
      return [path, `file ${mode} ${createHash("sha256").update(readFileSync(whole)).digest("hex")}`];
    }),
  );
}

/** The documents of an example, with a login that this machine has. */
function exampleResources(example: string, login: string): ReturnType<typeof parseResources> {
  const path = `${example}/resources.yaml`;
  const text = readFileSync(join(root, path), "utf8");
  return parseResources(text.replaceAll(/\blogins: \[deploy\]/g, `logins: [${JSON.stringify(login)}]`), path);
}

/** Bot and join method of the token that an example's documents hold. */
function joinTokenOf(
  resources: ReturnType<typeof parseResources>,
  example: string,
): { bot: string; joinMethod: PlatformJoinMethod } {
  for (const resource of resources) {
    if (resource.kind !== "token" || !(resource.joinMethod in platforms)) continue;
    return { bot: resource.botName ?? "", joinMethod: resource.joinMethod as PlatformJoinMethod };
  }
  throw new Error(`${example}/resources.yaml has no token whose method takes ID tokens`);
}

/** Starts a cluster with what an example's documents hold, a node in it, and a job that may join. */
export async function startPlatformJob(
  { example }: Pick<PlatformCase, "example">,
  release: Pick<ServedRelease, "path" | "downloadUrl">,
  sshd: string | undefined,
): Promise<StartedPlatformJob> {
  await using stack = new AsyncDisposableStack();
  const { username: login } = userInfo();
  const resources = exampleResources(example, login);
  const { bot, joinMethod } = joinTokenOf(resources, example);
  const emulator = stack.use(await startTestEmulator({ clusterName: names.cluster, resources }));
  const node = `${names.node}.${names.cluster}`;
  const outside = stack.use(tempDir());
  // So that no sshd of another test file takes it away at its end.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const server =
    sshd === undefined
      ? undefined
      : stack.use(
          await startSshd(sshd, join(outside.path, "sshd"), {
            userCaPublicKeys: emulator.userCaPublicKeys,
            signHostKey: (key) => emulator.signHostKey(key, [node]),
          }),
        );
  if (server !== undefined)
    emulator.addNode({ hostname: names.node, uuid: randomUUID(), address: server.address });
  const issuerName = platforms[joinMethod].issuer;
  emulator.issuer(issuerName);
  const idTokens: string[] = [];
  const job: TempDir = stack.use(tempDir());
  const directory = job.path;
  for (const name of ["home", "tmp"]) mkdirSync(join(directory, name), { mode: 0o700 });
  const caFile = join(outside.path, "web-ca.pem");
  writeFileSync(caFile, emulator.webCaPem);
  let before = snapshot(directory);
  const rest = stack.move();
  return {
    emulator,
    release: release.path,
    downloadUrl: release.downloadUrl,
    async idToken(claims = {}) {
      const issuer = typeof claims["iss"] === "string" ? claims["iss"] : issuerName;
      const { aud } = platformClaims(joinMethod);
      // Where the cluster's name is the audience, it is that of this cluster.
      const audience = aud === "bot.test" ? { aud: names.cluster } : {};
      const token = await emulator
        .issuer(issuer)
        .sign({ ...platformClaims(joinMethod, audience), ...claims });
      idTokens.push(token);
      return token;
    },
    directory,
    environment: {
      PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
      HOME: join(directory, "home"),
      TMPDIR: join(directory, "tmp"),
      BOT_JOIN_CA_FILE: caFile,
    },
    proxy: emulator.proxyAddress,
    node,
    login,
    fit: (text) =>
      text
        .replaceAll(`${names.cluster}:443`, emulator.proxyAddress)
        .replaceAll(`${names.login}@`, `${login}@`)
        .replaceAll(/(?<=\s)\.\/deploy\b/g, "id -un"),
    prepared() {
      before = snapshot(directory);
    },
    idTokens,
    bot,
    sshdLog: () => server?.log() ?? "",
    changes() {
      const now = snapshot(directory);
      return [...new Set([...before.keys(), ...now.keys()])]
        .sort()
        .filter((path) => before.get(path) !== now.get(path))
        .map((path) => `${path}: ${before.get(path) ?? "nothing"}, then ${now.get(path) ?? "nothing"}`);
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}
