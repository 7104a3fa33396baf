import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { requireTool } from "../../../test/support/tools.ts";
import { openDestination } from "./destination.ts";
import { type OutputDeps, systemDeps } from "./output-deps.ts";
import { failure, giveToChild, inChild, listing, temporaryFolder } from "./test-support.ts";
import { commitTogether, stageFiles } from "./write.ts";
import { type DestinationFiles, writeDestinations } from "./write-destinations.ts";

const deps = systemDeps();

function writeFiles(
  directory: string,
  files: ReadonlyMap<string, string>,
  facts: OutputDeps,
  followsLinks = false,
): Promise<void> {
  return commitTogether([() => stageFiles(directory, files, facts, { followsLinks })]);
}

function entries(content: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(content));
}

describe("writing", () => {
  test("replaces earlier files, with mode 0600 whatever they had", async () => {
    using folder = await temporaryFolder();
    writeFileSync(join(folder.path, "key"), "old");
    chmodSync(join(folder.path, "key"), 0o644);
    await writeFiles(folder.path, entries({ key: "new", tlscert: "certificate" }), deps);
    expect(await listing(folder.path)).toEqual(["key 600", "tlscert 600"]);
    expect(readFileSync(join(folder.path, "key"), "utf8")).toBe("new");
  });

  test("a reader of the earlier file keeps it whole: names are changed, contents never", async () => {
    using folder = await temporaryFolder();
    const key = join(folder.path, "key");
    writeFileSync(key, "old");
    const before = statSync(key).ino;
    await writeFiles(folder.path, entries({ key: "new" }), deps);
    expect(statSync(key).ino).not.toBe(before);
  });

  test.for(["", ".", "..", "a/", "/a", "a//b", "a/../b", "../key", "a\\b", "a\0b"])(
    "%j is no file name: our own mistake",
    async (name) => {
      using folder = await temporaryFolder();
      await expect(writeFiles(folder.path, entries({ [name]: "x" }), deps)).rejects.toThrow(TypeError);
      expect(readdirSync(folder.path)).toEqual([]);
    },
  );
});

describe("a failed write leaves everything as it was", () => {
  test.for(["a symbolic link", "a directory"])("%s where a file goes", async (what) => {
    using folder = await temporaryFolder();
    using outside = await temporaryFolder();
    writeFileSync(join(folder.path, "key"), "old");
    writeFileSync(join(outside.path, "victim"), "untouched");
    if (what === "a directory") mkdirSync(join(folder.path, "tlscert"));
    else symlinkSync(join(outside.path, "victim"), join(folder.path, "tlscert"));
    const error = await failure(
      writeFiles(folder.path, entries({ key: "new", tlscert: "certificate" }), deps),
      "ERR_OUTPUT_FILE_IN_THE_WAY",
    );
    expect(error.message).toContain(join(folder.path, "tlscert"));
    expect(readdirSync(folder.path).sort()).toEqual(["key", "tlscert"]);
    expect(readFileSync(join(folder.path, "key"), "utf8")).toBe("old");
    expect(readFileSync(join(outside.path, "victim"), "utf8")).toBe("untouched");
  });

  test("a temporary name that is a planted link is not followed", async () => {
    using folder = await temporaryFolder();
    symlinkSync(join(folder.path, "victim"), join(folder.path, ".key.guessed.tmp"));
    const guessed: OutputDeps = { ...deps, randomName: () => "guessed" };
    await failure(writeFiles(folder.path, entries({ key: "new" }), guessed), "ERR_OUTPUT_WRITE");
    expect(readdirSync(folder.path)).not.toContain("victim");
    expect(readdirSync(folder.path)).not.toContain("key");
  });

  test("a rename that fails after others succeeded: they are put back", async () => {
    using folder = await temporaryFolder();
    const at = (name: string): string => join(folder.path, name);
    writeFileSync(at("a"), "old a");
    chmodSync(at("a"), 0o640);
    // The last name becomes a directory after the names were checked: the moment random names are drawn.
    let drawn = 0;
    const meddling: OutputDeps = {
      ...deps,
      randomName() {
        drawn++;
        if (drawn === 4) mkdirSync(at("c"));
        return `random${drawn}`;
      },
    };
    const error = await failure(
      writeFiles(folder.path, entries({ a: "new a", b: "new b", c: "new c", d: "new d" }), meddling),
      "ERR_OUTPUT_WRITE",
    );
    expect(error.message).toContain(`Writing the file c into ${folder.path}`);
    expect(await listing(folder.path)).toEqual(["a 640", "c 755"]);
    expect(readFileSync(at("a"), "utf8")).toBe("old a");
  });

  test("a folder that loses its write permission", async () => {
    using folder = await temporaryFolder();
    const path = join(folder.path, "out");
    await giveToChild(folder.path);
    const result = await inChild(`
      const destination = await outputs.openDestination(${JSON.stringify(path)}, outputs.systemDeps());
      await destination.write(new Map([["key", "old"]]));
      await fs.chmod(destination.path, 0o500);
      const error = await destination.write(new Map([["key", "new"], ["tlscert", "x"]])).catch((error) => error);
      await fs.chmod(destination.path, 0o700);
      await destination[Symbol.asyncDispose]();
      return [error.code, error.message, await fs.readdir(destination.path), await fs.readFile(destination.path + "/key", "utf8")];`);
    expect(result.value).toEqual([
      "ERR_OUTPUT_NOT_WRITABLE",
      `Writing the file key into ${path} failed: permission denied (EACCES).`,
      ["key"],
      "old",
    ]);
  });

  test("a file that may not grow further (a real limit of the kernel, EFBIG)", async () => {
    using folder = await temporaryFolder();
    await giveToChild(folder.path);
    const path = join(folder.path, "deep", "out");
    const body = `
      await using destination = await outputs.openDestination(${JSON.stringify(path)}, outputs.systemDeps());
      await destination.write(new Map([["key", "x"], ["big", Buffer.alloc(1024 * 1024)], ["tlscert", "x"]]));`;
    const result = await inChild(body, {
      wrapper: ["sh", "-c", `trap '' XFSZ; ulimit -f 1000; exec "$@"`, "sh"],
    });
    expect(result.code).toBe("ERR_OUTPUT_WRITE");
    expect(result.message).toMatch(/^Writing the file big into .*\/deep\/out failed: .*EFBIG/);
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

describe("several outputs at once", () => {
  /** Opens a folder for each name below a folder, and gives files for it. */
  async function opened(
    stack: AsyncDisposableStack,
    folder: string,
    names: string[],
  ): Promise<DestinationFiles[]> {
    const outputs: DestinationFiles[] = [];
    for (const name of names) {
      const destination = stack.use(await openDestination(join(folder, name), deps));
      outputs.push({ destination, files: entries({ key: `new ${name}`, "sub/key": `new ${name}` }) });
    }
    return outputs;
  }

  test("are all written, in order", async () => {
    using folder = await temporaryFolder();
    await using stack = new AsyncDisposableStack();
    const outputs = await opened(stack, folder.path, ["a", "b"]);
    expect(await writeDestinations(outputs)).toEqual(
      ["a/key", "a/sub/key", "b/key", "b/sub/key"].map((name) => join(folder.path, name)),
    );
    expect(outputs.map(({ destination }) => destination.manifest().files)).toEqual([
      ["key", "sub/key"],
      ["key", "sub/key"],
    ]);
  });

  test.for(["before it is staged", "after it was staged"])(
    "one that fails %s takes all others with it",
    async (when) => {
      using folder = await temporaryFolder();
      mkdirSync(join(folder.path, "a"), { mode: 0o700 });
      writeFileSync(join(folder.path, "a", "key"), "old a");
      {
        await using stack = new AsyncDisposableStack();
        const outputs = await opened(stack, folder.path, ["a", "b", "c"]);
        const last = outputs[2];
        if (last === undefined) throw new TypeError("unreachable");
        const { destination } = last;
        if (when === "before it is staged") mkdirSync(join(destination.path, "key"));
        else {
          last.destination = {
            ...destination,
            async stage(files) {
              const staged = await destination.stage(files);
              mkdirSync(join(destination.path, "key"));
              return staged;
            },
          };
        }
        await failure(
          writeDestinations(outputs),
          when === "before it is staged" ? "ERR_OUTPUT_FILE_IN_THE_WAY" : "ERR_OUTPUT_WRITE",
        );
        for (const output of outputs) expect(output.destination.manifest().files).toEqual([]);
        expect(
          readdirSync(folder.path, { recursive: true }).filter((name) => /key|sub/.test(String(name))),
        ).toEqual([join("a", "key"), join("c", "key")]);
      }
      expect(readFileSync(join(folder.path, "a", "key"), "utf8")).toBe("old a");
      expect(readdirSync(folder.path).sort()).toEqual(["a", "c"]);
    },
  );
});

describe("on a full disk (a real tmpfs in a mount namespace of its own)", () => {
  /** The command line in front of node that gives it a tmpfs of some size at a path. */
  function onTmpfs(unshare: string, mount: string, path: string, options: string): string[] {
    const namespace = process.getuid?.() === 0 ? "-m" : "-Urm";
    const script = `"$1" -t tmpfs -o mode=700,"$2" tmpfs "$3" && shift 3 && exec "$@"`;
    return [unshare, namespace, "sh", "-c", script, "sh", mount, options, path];
  }

  /** Runs a body with `path` on a tmpfs; where nothing may be mounted, skips or fails as for a missing tool. */
  async function run(
    context: Parameters<typeof requireTool>[0],
    options: string,
    body: string,
  ): Promise<unknown> {
    const [unshare, mount] = [requireTool(context, "unshare"), requireTool(context, "mount")];
    using folder = await temporaryFolder();
    const wrapper = onTmpfs(unshare, mount, folder.path, options);
    const script = `const path = ${JSON.stringify(folder.path)}; ${body}`;
    const mayMount = await inChild("return 1", { wrapper, asRoot: true }).then(
      () => true,
      () => false,
    );
    if (!mayMount) {
      const reason =
        "this machine allows no tmpfs in a mount namespace (run as root, or allow user namespaces)";
      if (process.env["BOT_JOIN_REQUIRE_TOOLS"] === "1") throw new Error(reason);
      context.skip(reason);
    }
    const result = await inChild(script, { wrapper, asRoot: true });
    if (result.message !== undefined) throw new Error(result.message);
    return result.value;
  }

  const attempt = `
    const attempt = async (operation) => { try { await operation(); return "no error"; } catch (error) { return error.code + " " + error.details.cause; } };
    const tree = () => fs.readdir(path, { recursive: true });`;

  test("no room at all shows when the directory is opened, and nothing stays", async (context) => {
    const seen = await run(
      context,
      "size=64k",
      `${attempt} return [await attempt(() => outputs.openDestination(path + "/deep/out", outputs.systemDeps())), await tree()];`,
    );
    expect(seen).toEqual(["ERR_OUTPUT_DISK_FULL ENOSPC", []]);
  });

  test("no room for the lock's single line", async (context) => {
    const seen = await run(
      context,
      "size=64k",
      `${attempt} await fs.writeFile(path + "/filler", Buffer.alloc(128 * 1024)).catch(() => {});
      return [await attempt(() => outputs.openDestination(path + "/out", outputs.systemDeps())), await tree()];`,
    );
    expect(seen).toEqual(["ERR_OUTPUT_DISK_FULL ENOSPC", ["filler"]]);
  });

  test("room that runs out while files are written: the folder made for them goes too", async (context) => {
    const seen = await run(
      context,
      "size=400k",
      `${attempt}
      const files = new Map([["key", "x"], ["big", Buffer.alloc(1024 * 1024)], ["tlscert", "x"]]);
      const seen = await attempt(async () => {
        await using destination = await outputs.openDestination(path + "/deep/out", outputs.systemDeps());
        await destination.write(files);
      });
      return [seen, await tree()];`,
    );
    expect(seen).toEqual(["ERR_OUTPUT_DISK_FULL ENOSPC", []]);
  });

  test("room that runs out over earlier files: they survive", async (context) => {
    const seen = await run(
      context,
      "size=400k",
      `${attempt}
      await using destination = await outputs.openDestination(path, outputs.systemDeps());
      await destination.write(new Map([["key", "old key"], ["tlscert", "old certificate"]]));
      const files = new Map([["key", "new key"], ["tlscert", "new certificate"], ["big", Buffer.alloc(1024 * 1024)]]);
      const seen = await attempt(() => destination.write(files));
      return [seen, (await tree()).sort(), await fs.readFile(path + "/key", "utf8"), await fs.readFile(path + "/tlscert", "utf8")];`,
    );
    expect(seen).toEqual([
      "ERR_OUTPUT_DISK_FULL ENOSPC",
      [".bot-join.lock", "key", "tlscert"],
      "old key",
      "old certificate",
    ]);
  });

  test("room that runs out at the third of five outputs: nothing remains of any, earlier files survive", async (context) => {
    const seen = await run(
      context,
      "size=1400k",
      `${attempt}
      const names = ["one", "two", "three", "four", "five"];
      const files = (name) => new Map([["key", name], ["cockroach/node.key", name], ...(name === "three" ? [["big", Buffer.alloc(2 * 1024 * 1024)]] : [])]);
      await fs.mkdir(path + "/two", { mode: 0o700 });
      await fs.writeFile(path + "/two/key", "old key");
      const seen = await attempt(async () => {
        await using stack = new AsyncDisposableStack();
        const parts = [];
        for (const name of names) {
          const destination = stack.use(await outputs.openDestination(path + "/" + name, outputs.systemDeps()));
          parts.push({ destination, files: files(name) });
        }
        await outputs.writeDestinations(parts);
      });
      return [seen, (await tree()).sort(), await fs.readFile(path + "/two/key", "utf8")];`,
    );
    expect(seen).toEqual(["ERR_OUTPUT_DISK_FULL ENOSPC", ["two", "two/key"], "old key"]);
  });

  test("inodes that run out", async (context) => {
    const seen = await run(
      context,
      "size=4m,nr_inodes=6",
      `${attempt}
      await using destination = await outputs.openDestination(path + "/out", outputs.systemDeps());
      const files = new Map(Array.from({ length: 8 }, (_, index) => ["file" + index, "x"]));
      return [await attempt(() => destination.write(files)), await tree()];`,
    );
    expect(seen).toEqual(["ERR_OUTPUT_DISK_FULL ENOSPC", ["out", "out/.bot-join.lock"]]);
  });

  test("a disk that is mounted read-only", async (context) => {
    const seen = await run(
      context,
      "ro,size=4m",
      `${attempt} return [await attempt(() => outputs.openDestination(path + "/out", outputs.systemDeps())), await tree()];`,
    );
    expect(seen).toEqual(["ERR_OUTPUT_NOT_WRITABLE EROFS", []]);
  });
});
