import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDestination } from "./destination.ts";
import { systemDeps } from "./output-deps.ts";
import { failure, giveToChild, inChild, listing, temporaryFolder } from "./test-support.ts";

const deps = systemDeps();
const files = new Map<string, string | Uint8Array>([
  ["key", "private"],
  ["ssh-proxy.cjs", Buffer.from("script")],
]);

function modeOf(path: string): string {
  return (lstatSync(path).mode & 0o7777).toString(8);
}

describe("opening", () => {
  test("a folder that is not there is made with its parents, all 0700, and unmade when nothing is written", async () => {
    using folder = await temporaryFolder();
    const path = join(folder.path, "a", "b", "out");
    {
      await using destination = await openDestination(path, deps);
      expect(destination.path).toBe(path);
      expect(destination.created).toBe(true);
      for (const made of ["a", "a/b", "a/b/out"]) expect(modeOf(join(folder.path, made))).toBe("700");
    }
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("what was written stays, mode 0600, with nothing else beside it", async () => {
    using folder = await temporaryFolder();
    const path = join(folder.path, "out");
    {
      await using destination = await openDestination(path, deps);
      expect(await destination.write(files)).toEqual([join(path, "key"), join(path, "ssh-proxy.cjs")]);
    }
    expect(await listing(path)).toEqual(["key 600", "ssh-proxy.cjs 600"]);
    expect(modeOf(path)).toBe("700");
  });

  test("an empty folder of ours is closed to others, and opened again when nothing is written", async () => {
    using folder = await temporaryFolder();
    const path = join(folder.path, "out");
    mkdirSync(path);
    chmodSync(path, 0o775);
    {
      await using destination = await openDestination(path, deps);
      expect(destination.created).toBe(false);
      expect(modeOf(path)).toBe("700");
    }
    expect(modeOf(path)).toBe("775");
    {
      await using destination = await openDestination(path, deps);
      await destination.write(files);
    }
    expect(modeOf(path)).toBe("700");
  });

  test("files of others in the folder, and its mode, are left alone", async () => {
    using folder = await temporaryFolder();
    writeFileSync(join(folder.path, "notes.txt"), "mine");
    chmodSync(folder.path, 0o755);
    {
      await using destination = await openDestination(folder.path, deps);
      await destination.write(files);
    }
    expect(modeOf(folder.path)).toBe("755");
    expect(readdirSync(folder.path).sort()).toEqual(["key", "notes.txt", "ssh-proxy.cjs"]);
  });

  test("a trailing slash and dots are taken out of the path", async () => {
    using folder = await temporaryFolder();
    await using destination = await openDestination(`${folder.path}/x/../out/`, deps);
    expect(destination.path).toBe(join(folder.path, "out"));
  });
});

describe("what is refused, with nothing left behind", () => {
  test.for([
    ["", "ERR_OUTPUT_DIRECTORY_NAME"],
    [" ", "ERR_OUTPUT_DIRECTORY_NAME"],
    ['FOLDER/a"b', "ERR_OUTPUT_DIRECTORY_NAME"],
    ["FOLDER/a\nb", "ERR_OUTPUT_DIRECTORY_NAME"],
    ["FOLDER/a\0b", "ERR_OUTPUT_DIRECTORY_NAME"],
    [`FOLDER/new/${"x".repeat(300)}`, "ERR_OUTPUT_DIRECTORY_NAME"],
    ["FOLDER/file", "ERR_OUTPUT_DIRECTORY_IS_FILE"],
    ["FOLDER/file/out", "ERR_OUTPUT_DIRECTORY_IS_FILE"],
    ["FOLDER/link", "ERR_OUTPUT_DIRECTORY_IS_LINK"],
    ["FOLDER/link/", "ERR_OUTPUT_DIRECTORY_IS_LINK"],
    ["FOLDER/dangling", "ERR_OUTPUT_DIRECTORY_IS_LINK"],
    ["FOLDER/circle", "ERR_OUTPUT_DIRECTORY_IS_LINK"],
    ["FOLDER/circle/out", "ERR_OUTPUT_DIRECTORY_IS_LINK"],
    ["FOLDER/dangling/out", "ERR_OUTPUT_WRITE"],
    ["FOLDER/shared", "ERR_OUTPUT_DIRECTORY_SHARED"],
    ["FOLDER/sticky", "ERR_OUTPUT_DIRECTORY_SHARED"],
    ["FOLDER/locked-by-link", "ERR_OUTPUT_FILE_IN_THE_WAY"],
  ] as const)("%j: %s", async ([path, code]) => {
    using folder = await temporaryFolder();
    const at = (name: string): string => join(folder.path, name);
    writeFileSync(at("file"), "content");
    for (const name of ["real", "shared", "sticky", "locked-by-link"]) mkdirSync(at(name));
    writeFileSync(at("shared/theirs"), "");
    chmodSync(at("shared"), 0o775);
    chmodSync(at("sticky"), 0o1777);
    symlinkSync(at("real"), at("link"));
    symlinkSync(at("nowhere"), at("dangling"));
    symlinkSync(at("circle"), at("circle"));
    symlinkSync(at("victim"), at("locked-by-link/.bot-join.lock"));
    const before = readdirSync(folder.path, { recursive: true }).sort();
    const error = await failure(openDestination(path.replace("FOLDER", folder.path), deps), code);
    expect(error.kind).toBe("user");
    expect(error.hint).toMatch(/directory|remove/);
    if (path.trim() !== "") expect(error.message).toContain(JSON.stringify(folder.path).slice(1, -1));
    expect(readdirSync(folder.path, { recursive: true }).sort()).toEqual(before);
    expect([modeOf(at("shared")), modeOf(at("sticky"))]).toEqual(["775", "1777"]);
  });

  test("a folder of another user in a place where everybody may make folders", async () => {
    using folder = await temporaryFolder();
    const path = join(folder.path, "out");
    mkdirSync(path);
    chmodSync(path, 0o755);
    chmodSync(folder.path, 0o1777);
    await giveToChild(path, 0o755);
    const uid = process.getuid?.() === 0 ? 0 : 4711;
    const error = await failure(openDestination(path, { ...deps, uid }), "ERR_OUTPUT_DIRECTORY_SHARED");
    expect(error.message).toContain("belongs to another user");
    expect(readdirSync(path)).toEqual([]);
    chmodSync(folder.path, 0o755);
    await using destination = await openDestination(path, { ...deps, uid });
    expect(destination.created).toBe(false);
  });

  test("a folder that this user may not write to", async () => {
    using folder = await temporaryFolder();
    await giveToChild(folder.path, 0o500);
    for (const path of [folder.path, join(folder.path, "out")]) {
      const open = `await using d = await outputs.openDestination(${JSON.stringify(path)}, outputs.systemDeps());`;
      const result = await inChild(open);
      expect(result).toMatchObject({
        code: "ERR_OUTPUT_NOT_WRITABLE",
        message: expect.stringContaining("EACCES"),
      });
      expect(result.message).toContain(path);
    }
    chmodSync(folder.path, 0o700);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("a folder below one that this user may not enter", async () => {
    using folder = await temporaryFolder();
    await giveToChild(folder.path, 0o600);
    const path = JSON.stringify(join(folder.path, "out"));
    const result = await inChild(
      `await using d = await outputs.openDestination(${path}, outputs.systemDeps());`,
    );
    expect(result).toMatchObject({ code: "ERR_OUTPUT_NOT_WRITABLE" });
  });

  test("an existing folder of another user", async () => {
    const result = await inChild(
      'await using d = await outputs.openDestination("/usr", outputs.systemDeps());',
    );
    expect(result).toMatchObject({ code: "ERR_OUTPUT_NOT_WRITABLE" });
  });
});

describe("between opening and writing", () => {
  test.for(["removed", "replaced"])("a folder that was %s is noticed", async (what) => {
    using folder = await temporaryFolder();
    const path = join(folder.path, "out");
    const destination = await openDestination(path, deps);
    await rename(path, join(folder.path, "elsewhere"));
    if (what === "replaced") mkdirSync(path);
    const error = await failure(destination.write(files), "ERR_OUTPUT_DIRECTORY_CHANGED");
    expect(error.message).toContain(what);
    await destination[Symbol.asyncDispose]();
    expect(existsSync(join(path, "key"))).toBe(false);
  });

  test("a folder that became a link to elsewhere is noticed", async () => {
    using folder = await temporaryFolder();
    const path = join(folder.path, "out");
    const destination = await openDestination(path, deps);
    await rename(path, join(folder.path, "elsewhere"));
    symlinkSync(join(folder.path, "elsewhere"), path);
    await failure(destination.write(files), "ERR_OUTPUT_DIRECTORY_CHANGED");
    await destination[Symbol.asyncDispose]();
    expect(existsSync(join(folder.path, "elsewhere", "key"))).toBe(false);
  });
});

const cockroach = new Map([
  ["key", "private"],
  ["cockroach/node.key", "private"],
  ["cockroach/node.crt", "certificate"],
]);

describe("sub-folders", () => {
  test("are made with mode 0700 and listed for the removal", async () => {
    using folder = await temporaryFolder();
    const path = join(folder.path, "out");
    {
      await using destination = await openDestination(path, deps);
      expect(await destination.write(cockroach)).toContain(join(path, "cockroach/node.key"));
      expect(destination.manifest()).toMatchObject({
        madeFolders: [path, join(path, "cockroach")],
        files: [...cockroach.keys()],
      });
    }
    expect(await listing(path)).toEqual(["cockroach 700", "key 600"]);
    expect(await listing(join(path, "cockroach"))).toEqual(["node.crt 600", "node.key 600"]);
  });

  test("are used when they are there, and are not listed then", async () => {
    using folder = await temporaryFolder();
    mkdirSync(join(folder.path, "cockroach"));
    writeFileSync(join(folder.path, "cockroach", "notes.txt"), "mine");
    await using destination = await openDestination(folder.path, deps);
    await destination.write(cockroach);
    expect(destination.manifest().madeFolders).toEqual([]);
    expect(readdirSync(join(folder.path, "cockroach"))).toEqual(["node.crt", "node.key", "notes.txt"]);
  });

  test.for([
    ["a link", "ERR_OUTPUT_DIRECTORY_IS_LINK"],
    ["a file", "ERR_OUTPUT_DIRECTORY_IS_FILE"],
    ["open to others", "ERR_OUTPUT_DIRECTORY_SHARED"],
  ] as const)("%s in a sub-folder's place: %s, and nothing is written", async ([what, code]) => {
    using folder = await temporaryFolder();
    using outside = await temporaryFolder();
    const path = join(folder.path, "cockroach");
    if (what === "a link") symlinkSync(outside.path, path);
    else if (what === "a file") writeFileSync(path, "");
    else {
      mkdirSync(path);
      chmodSync(path, 0o777);
    }
    await using destination = await openDestination(folder.path, deps);
    await failure(destination.write(cockroach), code);
    expect(readdirSync(folder.path).sort()).toEqual([".bot-join.lock", "cockroach"]);
    expect(readdirSync(outside.path)).toEqual([]);
  });
});

describe("links with symlinks: insecure", () => {
  const insecure = { symlinks: "insecure" } as const;

  test("the directory may be one, and so may files and sub-folders in it", async () => {
    using folder = await temporaryFolder();
    const at = (name: string): string => join(folder.path, name);
    for (const name of ["real", "elsewhere", "database"]) mkdirSync(at(name), { mode: 0o700 });
    symlinkSync(at("real"), at("link"));
    writeFileSync(at("elsewhere/key"), "old");
    symlinkSync(at("elsewhere/key"), at("real/key"));
    symlinkSync("../database", at("real/cockroach"));
    symlinkSync("../elsewhere/not yet", at("real/tlscert"));
    {
      await using destination = await openDestination(at("link"), deps, insecure);
      await destination.write(new Map([...cockroach, ["tlscert", "certificate"]]));
      expect(destination.manifest()).toMatchObject({ directory: at("real"), followsLinks: true });
    }
    expect(readFileSync(at("elsewhere/key"), "utf8")).toBe("private");
    expect(readFileSync(at("elsewhere/not yet"), "utf8")).toBe("certificate");
    expect(readdirSync(at("database"))).toEqual(["node.crt", "node.key"]);
    expect(readdirSync(at("elsewhere"))).toEqual(["key", "not yet"]);
    for (const name of ["key", "cockroach", "tlscert"])
      expect(lstatSync(at(`real/${name}`)).isSymbolicLink()).toBe(true);
  });

  test("without links it is a directory as any other", async () => {
    using folder = await temporaryFolder();
    const path = join(folder.path, "a", "out");
    await using destination = await openDestination(path, deps, insecure);
    await destination.write(cockroach);
    expect(destination.path).toBe(path);
    expect(await listing(path)).toEqual([".bot-join.lock 600", "cockroach 700", "key 600"]);
  });

  test.for(["dangling", "circle"])("a %s link in the directory's place is refused", async (what) => {
    using folder = await temporaryFolder();
    const path = join(folder.path, "link");
    symlinkSync(what === "circle" ? path : join(folder.path, "nowhere"), path);
    await failure(openDestination(path, deps, insecure), "ERR_OUTPUT_DIRECTORY_IS_LINK");
    expect(readdirSync(folder.path)).toEqual(["link"]);
  });
});

test.for(["secure", "try-secure"] as const)(
  "with symlinks: %s links above the directory are followed, the directory is none",
  async (symlinks) => {
    using folder = await temporaryFolder();
    mkdirSync(join(folder.path, "real"));
    symlinkSync(join(folder.path, "real"), join(folder.path, "link"));
    {
      await using destination = await openDestination(join(folder.path, "link", "out"), deps, { symlinks });
      await destination.write(files);
    }
    expect(readdirSync(join(folder.path, "real", "out"))).toEqual(["key", "ssh-proxy.cjs"]);
    await failure(
      openDestination(join(folder.path, "link"), deps, { symlinks }),
      "ERR_OUTPUT_DIRECTORY_IS_LINK",
    );
  },
);
