import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { arch, platform } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { parse } from "yaml";
import { archiveFor } from "../../actions/github/setup/archive.ts";
import { statedChecksum } from "../../actions/github/setup/download.ts";
import { inputNames, readInputs } from "../../actions/github/setup/inputs.ts";
import { launcherFiles } from "../../actions/github/setup/launcher.ts";
import { createAuthority } from "../../packages/transport/src/testing/certificates.ts";
import { buildBundles } from "../../scripts/bundle.ts";
import { blocksOf, root } from "../docs/pages.ts";
import { startTestEmulator } from "../support/emulator.ts";
import { type BundleResult, nodePrograms, runProgram } from "../support/run-bundle.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { requireTool, runTool } from "../support/tools.ts";

let bundles: TempDir;

beforeAll(async () => {
  bundles = tempDir();
  for (const [name, bytes] of await buildBundles(["setup", "bot-join"]))
    writeFileSync(join(bundles.path, name), bytes);
}, 60_000);

afterAll(() => bundles[Symbol.dispose]());

/** A mirror on loopback, with what it was asked for. */
interface Mirror extends AsyncDisposable {
  url: string;
  files: Map<string, string | Uint8Array>;
  asked: string[];
}

async function startMirror(): Promise<Mirror> {
  const files = new Map<string, string | Uint8Array>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push((request.url ?? "").slice(1));
    const content = files.get((request.url ?? "").slice(1));
    response.writeHead(content === undefined ? 404 : 200).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Puts an archive with these programs on a mirror, each of which says its name and version; gives the file's name. */
function publish(
  context: TestContext,
  mirror: Mirror,
  version: string,
  {
    edition = "oss",
    programs = ["tsh", "tctl", "tbot"],
  }: { edition?: "oss" | "enterprise"; programs?: string[] } = {},
): string {
  const { file, product } = archiveFor(version, edition, platform(), arch());
  using folder = tempDir();
  mkdirSync(join(folder.path, product));
  for (const name of programs) {
    const path = join(folder.path, product, name);
    writeFileSync(path, `#!/bin/sh\necho ${product} ${name} ${version}\n`, { mode: 0o755 });
  }
  runTool(requireTool(context, "tar"), ["-czf", join(folder.path, file), "-C", folder.path, product]);
  const bytes = readFileSync(join(folder.path, file));
  mirror.files.set(file, bytes);
  mirror.files.set(`${file}.sha256`, `${createHash("sha256").update(bytes).digest("hex")}  ${file}\n`);
  return file;
}

/** A runner's folders and files, with one tool cache for all of its jobs. */
interface Runner extends Disposable {
  path(name: string): string;
  run(inputs: Record<string, string>, env?: Record<string, string>, node?: string): Promise<BundleResult>;
  /** PATH of a later step. */
  laterPath(): string;
  outputs(): string;
}

function startRunner(): Runner {
  const temporary = tempDir();
  const path = (name: string): string => join(temporary.path, name);
  for (const name of ["temp", "tools", "work"]) mkdirSync(path(name));
  for (const name of ["path", "output"]) writeFileSync(path(name), "");
  return {
    path,
    run: (inputs, env = {}, node = process.execPath) =>
      runProgram(node, [join(bundles.path, "setup.cjs")], {
        cwd: path("work"),
        env: {
          PATH: process.env["PATH"] ?? "",
          HOME: temporary.path,
          RUNNER_TEMP: path("temp"),
          RUNNER_TOOL_CACHE: path("tools"),
          GITHUB_PATH: path("path"),
          GITHUB_OUTPUT: path("output"),
          ...Object.fromEntries(
            Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
          ),
          ...env,
        },
      }),
    laterPath: () =>
      [...readFileSync(path("path"), "utf8").trim().split("\n").reverse(), "/usr/bin", "/bin"].join(
        delimiter,
      ),
    outputs: () => readFileSync(path("output"), "utf8"),
    [Symbol.dispose]: () => temporary[Symbol.dispose](),
  };
}

/** Runs a line in a later step. */
function laterStep(runner: Runner, line: string): string {
  return execFileSync("/bin/sh", ["-c", line], { env: { PATH: runner.laterPath() }, encoding: "utf8" });
}

/** Expects one error with this code, and that nothing reached later steps. */
function expectFailure(runner: Runner, result: BundleResult, code: string, text: RegExp): void {
  expect(result.status, result.stdout).toBe(1);
  expect(result.stdout.match(/^::error/gm)).toHaveLength(1);
  expect(result.stdout).toContain(code);
  expect(result.stdout).toMatch(text);
  expect(result.stdout).not.toContain("defect of bot-join");
  expect([readFileSync(runner.path("path"), "utf8"), readdirSync(runner.path("tools"))]).toEqual(["", []]);
}

describe.each(nodePrograms())("the setup action on $name", (node) => {
  test("puts bot-join on PATH, and downloads nothing", async () => {
    using runner = startRunner();
    const result = await runner.run({}, {}, node.path);
    expect(result, result.stdout).toMatchObject({ status: 0, stderr: "" });
    expect(laterStep(runner, "bot-join --version")).toBe("1.0.0\n");
    expect(readdirSync(runner.path("tools"))).toEqual([]);
  });

  test("installs an exact version, and the second run takes it from the cache", async (context) => {
    await using mirror = await startMirror();
    const file = publish(context, mirror, "18.4.1");
    using runner = startRunner();
    const inputs = { tools: "tsh, tctl", version: "v18.4.1", "base-url": `${mirror.url}/` };
    const first = await runner.run(inputs, {}, node.path);
    expect(first, first.stdout).toMatchObject({ status: 0, stderr: "" });
    expect(mirror.asked).toEqual([`${file}.sha256`, file]);
    expect(laterStep(runner, "tsh; tctl; bot-join --version")).toBe(
      "teleport tsh 18.4.1\nteleport tctl 18.4.1\n1.0.0\n",
    );
    expect(readdirSync(runner.path("temp"))).toEqual(["bot-join-bin"]);
    const second = await runner.run(inputs, {}, node.path);
    expect(second).toMatchObject({ status: 0 });
    expect(mirror.asked).toHaveLength(2);
    expect(runner.outputs()).toMatch(
      /18\.4\.1[\s\S]*cache-hit[\s\S]*false[\s\S]*18\.4\.1[\s\S]*cache-hit[\s\S]*true/,
    );
  });
});

describe("where the version comes from", () => {
  test("the cluster's channel for updates, before its own version", async (context) => {
    await using mirror = await startMirror();
    publish(context, mirror, "18.6.0");
    const authority = createAuthority(context, "3");
    const { certificatePem: cert, privateKeyPem: key } = authority.issue({ names: ["DNS:localhost"] });
    const asked: string[] = [];
    const server = createHttpsServer({ cert, key }, (request, response) => {
      asked.push(request.url ?? "");
      response.end(request.url === "/webapi/ping" ? '{"server_version":"18.4.1"}' : "v18.6.0\n");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    using runner = startRunner();
    writeFileSync(runner.path("ca.pem"), authority.certificatePem);
    const result = await runner.run({
      tools: "tbot",
      proxy: `localhost:${(server.address() as AddressInfo).port}`,
      "ca-file": runner.path("ca.pem"),
      "base-url": mirror.url,
    });
    server.closeAllConnections();
    server.close();
    expect(result.status, result.stdout).toBe(0);
    expect(asked).toEqual(["/v1/webapi/automaticupgrades/channel/default/version"]);
    expect(laterStep(runner, "tbot")).toBe("teleport tbot 18.6.0\n");
  });

  test("what the cluster is, where it has no such channel; auto can be said", async (context) => {
    await using mirror = await startMirror();
    await using emulator = await startTestEmulator({ version: "17" });
    const body = await ping(emulator.proxyAddress, emulator.webCaPem);
    const { server_version: version } = JSON.parse(body) as { server_version: string };
    publish(context, mirror, version, { edition: "enterprise" });
    using runner = startRunner();
    writeFileSync(runner.path("ca.pem"), emulator.webCaPem);
    const result = await runner.run({
      tools: "tsh",
      version: "auto",
      edition: "cloud",
      proxy: emulator.proxyAddress,
      "ca-file": runner.path("ca.pem"),
      "base-url": mirror.url,
    });
    expect(result.status, result.stdout).toBe(0);
    expect(laterStep(runner, "tsh")).toBe(`teleport-ent tsh ${version}\n`);
  });

  test("a version like teleport-actions/setup takes it brings all three tools", async (context) => {
    await using mirror = await startMirror();
    publish(context, mirror, "17.0.0-rc.2", { edition: "enterprise" });
    using runner = startRunner();
    const result = await runner.run({ version: "17.0.0-rc.2", enterprise: "true", "base-url": mirror.url });
    expect(result.status, result.stdout).toBe(0);
    expect(laterStep(runner, "tsh; tctl; tbot").match(/teleport-ent \w+ 17\.0\.0-rc\.2/g)).toHaveLength(3);
  });

  test.for([
    "18",
    "18.4",
    "latest",
    "18.x",
    "v18.4.1/../../x",
    "../18.4.1",
    "18.4.1 --help",
    "18.4.1;id",
    "18.4.1\n::add-mask::x",
    "18.4.1%2f..",
    `18.4.1-${"a".repeat(100)}`,
  ])("%j is no version", async (version) => {
    using runner = startRunner();
    const result = await runner.run({ version, "base-url": "http://127.0.0.1:9" });
    expectFailure(runner, result, "ERR_SETUP_VERSION", /no exact version/);
    expect(result.stdout).not.toMatch(/^::add-mask/m);
  });

  test("a cluster that answers with something else is no reason to run it", async (context) => {
    const authority = createAuthority(context, "4");
    const { certificatePem: cert, privateKeyPem: key } = authority.issue({ names: ["DNS:localhost"] });
    const server = createHttpsServer({ cert, key }, (_request, response) =>
      response.end('{"server_version":"1.2.3/../../evil"}'),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    using runner = startRunner();
    writeFileSync(runner.path("ca.pem"), authority.certificatePem);
    const result = await runner.run({
      tools: "tsh",
      proxy: `localhost:${(server.address() as AddressInfo).port}`,
      "ca-file": runner.path("ca.pem"),
    });
    server.closeAllConnections();
    server.close();
    expectFailure(runner, result, "ERR_SETUP_VERSION", /does not say which version/);
  });
});

describe("what is refused", () => {
  test("an archive that is not what its checksum says", async (context) => {
    await using mirror = await startMirror();
    const file = publish(context, mirror, "18.4.1");
    mirror.files.set(`${file}.sha256`, `${"0".repeat(64)}  ${file}\n`);
    using runner = startRunner();
    const result = await runner.run({ tools: "tsh", version: "18.4.1", "base-url": mirror.url });
    expectFailure(runner, result, "ERR_SETUP_CHECKSUM", /is not what its checksum says/);
    expect(readdirSync(runner.path("temp"))).toEqual(["bot-join-bin"]);
  });

  test("a checksum of another file, and a page in its place", async (context) => {
    await using mirror = await startMirror();
    const file = publish(context, mirror, "18.4.1");
    for (const text of [`${"0".repeat(64)}  other.tar.gz\n`, "<html>sign in</html>"]) {
      mirror.files.set(`${file}.sha256`, text);
      using runner = startRunner();
      const result = await runner.run({ tools: "tsh", version: "18.4.1", "base-url": mirror.url });
      expectFailure(runner, result, "ERR_SETUP_CHECKSUM", /is no checksum of/);
    }
    expect(mirror.asked).not.toContain(file);
  });

  test("a version that the mirror does not have, and one without checksum", async (context) => {
    await using mirror = await startMirror();
    const file = publish(context, mirror, "18.4.1");
    mirror.files.delete(`${file}.sha256`);
    for (const version of ["18.4.1", "18.4.2"]) {
      using runner = startRunner();
      const result = await runner.run({ tools: "tsh", version, "base-url": mirror.url });
      expectFailure(runner, result, "ERR_SETUP_DOWNLOAD", /404/);
    }
  });

  test("an archive without the tool", async (context) => {
    await using mirror = await startMirror();
    publish(context, mirror, "18.4.1", { programs: ["tsh"] });
    using runner = startRunner();
    const result = await runner.run({ tools: "tbot", version: "18.4.1", "base-url": mirror.url });
    expect(result.status).toBe(1);
    expect(result.stdout).toMatch(/holds no tbot[\s\S]*ERR_SETUP_ARCHIVE/);
    expect(readFileSync(runner.path("path"), "utf8")).toBe("");
  });

  test.for([
    [{ tools: "tsh" }, /no cluster was named/],
    [{ tools: "tsh, kubectl", version: "18.4.1" }, /input tools is \\?"kubectl/],
    [{ edition: "community" }, /edition/],
    [{ edition: "oss", enterprise: "true" }, /enterprise says otherwise/],
    [{ enterprise: "yes" }, /enterprise/],
    [{ "base-url": "http://mirror.test" }, /https/],
    [{ "base-url": "https://me:hunter2@mirror.test" }, /without credentials/],
    [{ "base-url": "file:///etc" }, /base-url/],
    [{ "base-url": "mirror" }, /base-url/],
    [{ tools: "tsh", proxy: "localhost:1", "ca-file": "/none" }, /ca-file/],
  ] as [Record<string, string>, RegExp][])("%j", async ([inputs, text]) => {
    using runner = startRunner();
    const result = await runner.run(inputs);
    expectFailure(runner, result, "ERR_SETUP_INPUT", text);
    expect(result.stdout).not.toContain("hunter2");
  });

  test("machines that Teleport has no archives for", () => {
    expect(() => archiveFor("18.4.1", "oss", "sunos", "x64")).toThrow(
      expect.objectContaining({ code: "ERR_SETUP_PLATFORM" }),
    );
  });
});

test("downloads go through the job's HTTP proxy", async (context) => {
  await using mirror = await startMirror();
  const file = publish(context, mirror, "18.4.1");
  const authority = createAuthority(context, "5");
  const { certificatePem: cert, privateKeyPem: key } = authority.issue({ names: ["DNS:mirror.test"] });
  const origin = createHttpsServer({ cert, key }, (request, response) => {
    response.end(mirror.files.get((request.url ?? "").slice(1)));
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  const tunnels: string[] = [];
  const proxy = createServer().on("connect", (request, socket) => {
    tunnels.push(request.url ?? "");
    const out = connect((origin.address() as AddressInfo).port, "127.0.0.1");
    for (const end of [socket, out]) end.on("error", () => {});
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    socket.pipe(out).pipe(socket);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  using runner = startRunner();
  writeFileSync(runner.path("ca.pem"), authority.certificatePem);
  const result = await runner.run(
    { tools: "tsh", version: "18.4.1", "base-url": "https://mirror.test" },
    {
      HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      NODE_EXTRA_CA_CERTS: runner.path("ca.pem"),
    },
  );
  for (const server of [proxy, origin]) {
    server.closeAllConnections();
    server.close();
  }
  expect(result.status, `${result.stdout}${file}`).toBe(0);
  expect(new Set(tunnels)).toEqual(new Set(["mirror.test:443"]));
  expect(laterStep(runner, "tsh")).toBe("teleport tsh 18.4.1\n");
});

describe("the parts", () => {
  test.for([
    ["oss", "linux", "x64", "teleport-v1.2.3-linux-amd64-bin.tar.gz"],
    ["enterprise", "linux", "arm64", "teleport-ent-v1.2.3-linux-arm64-bin.tar.gz"],
    ["cloud", "darwin", "arm64", "teleport-ent-v1.2.3-darwin-arm64-bin.tar.gz"],
    ["oss", "win32", "x64", "teleport-v1.2.3-windows-amd64-bin.zip"],
  ] as const)("%s on %s %s is %s", ([edition, system, cpu, file]) => {
    expect(archiveFor("1.2.3", edition, system, cpu).file).toBe(file);
  });

  test("checksum files, with and without a name", () => {
    const hex = "ab".repeat(32);
    for (const text of [
      hex,
      `${hex}\n`,
      `${hex}  a.zip\n`,
      `${hex} *a.zip`,
      `${hex.toUpperCase()}  a.zip\r\n`,
    ])
      expect(statedChecksum(text, "a.zip")).toBe(hex);
    for (const text of ["", hex.slice(1), `${hex}  b.zip`, `${hex}  a.zip\n${hex}  a.zip`])
      expect(statedChecksum(text, "a.zip")).toBeUndefined();
  });

  test("launchers of both kinds on Windows, quoted", () => {
    const files = launcherFiles({ node: "C:\\a 100%\\node.exe", bundle: "C:\\it's\\bot-join.cjs" }, "win32");
    expect(files.get("bot-join.cmd")).toBe('@"C:\\a 100%%\\node.exe" "C:\\it\'s\\bot-join.cjs" %*\r\n');
    expect(files.get("bot-join")).toContain("'C:\\it'\\''s\\bot-join.cjs' \"$@\"");
  });

  test("the inputs are those of action.yml", () => {
    const path = fileURLToPath(new URL("../../actions/github/setup/action.yml", import.meta.url));
    const { inputs, runs } = parse(readFileSync(path, "utf8")) as {
      inputs: Record<string, unknown>;
      runs: { main: string };
    };
    expect(Object.keys(inputs)).toEqual([...inputNames]);
    expect(runs.main).toBe("../../../dist/setup.cjs");
    expect(readInputs({})).toMatchObject({ tools: [], edition: "oss", baseUrl: "https://cdn.teleport.dev" });
  });
});

describe("docs/github-setup.md", () => {
  const page = blocksOf({
    path: "docs/github-setup.md",
    text: readFileSync(join(root, "docs/github-setup.md"), "utf8"),
  });
  const steps = page
    .map(({ text }) => parse(text) as Step[] | { jobs: Record<string, { steps: Step[] }> })
    .flatMap((block) =>
      Array.isArray(block) ? block : Object.values(block.jobs).flatMap((job) => job.steps),
    )
    .filter(({ uses }) => uses?.startsWith("teleport/bot-join/actions/github/setup@"));

  test("uses inputs that there are, with values that can be used", () => {
    expect(steps).toHaveLength(3);
    for (const { with: inputs = {} } of steps) {
      for (const name of Object.keys(inputs)) expect(inputNames).toContain(name);
      const given = Object.entries(inputs).map(([name, value]) => [
        `INPUT_${name.toUpperCase()}`,
        String(value),
      ]);
      expect(readInputs(Object.fromEntries(given)).tools).not.toEqual([]);
    }
  });

  test("lists every input", () => {
    const text = readFileSync(join(root, "docs/github-setup.md"), "utf8");
    expect([...text.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name)).toEqual(
      [...inputNames].sort((one, other) => text.indexOf(`| \`${one}\` |`) - text.indexOf(`| \`${other}\` |`)),
    );
  });
});

interface Step {
  uses?: string;
  with?: Record<string, unknown>;
}

/** Asks a cluster who it is. */
async function ping(address: string, ca: string): Promise<string> {
  const { get } = await import("node:https");
  return new Promise((resolve, reject) => {
    get(`https://${address}/webapi/ping`, { ca }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      answer.on("end", () => resolve(body));
    }).on("error", reject);
  });
}
