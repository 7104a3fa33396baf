import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDestination } from "./destination.ts";
import { systemDeps } from "./output-deps.ts";
import { removeOutput, type WrittenOutput } from "./remove.ts";
import { giveToChild, inChild, temporaryFolder } from "./test-support.ts";

async function written(path: string): Promise<WrittenOutput> {
  await using destination = await openDestination(path, systemDeps());
  await destination.write(new Map([["key", "private"]]));
  await destination.write(
    new Map([
      ["key", "private"],
      ["tlscert", "certificate"],
    ]),
  );
  return JSON.parse(JSON.stringify(destination.manifest())) as WrittenOutput;
}

test("removes the files, the folder and the parents that were made", async () => {
  using folder = await temporaryFolder();
  const manifest = await written(join(folder.path, "a", "b", "out"));
  expect(manifest.files).toEqual(["key", "tlscert"]);
  expect(await removeOutput(manifest)).toEqual([]);
  expect(readdirSync(folder.path)).toEqual([]);
  expect(await removeOutput(manifest)).toEqual([]);
});

test("a folder that was there before stays, and so does what was not written", async () => {
  using folder = await temporaryFolder();
  writeFileSync(join(folder.path, "notes.txt"), "");
  expect(await removeOutput(await written(folder.path))).toEqual([]);
  expect(readdirSync(folder.path)).toEqual(["notes.txt"]);
});

test("a made folder that holds other files by now stays, with a warning", async () => {
  using folder = await temporaryFolder();
  const path = join(folder.path, "a", "out");
  const manifest = await written(path);
  writeFileSync(join(path, "notes.txt"), "");
  expect(await removeOutput(manifest)).toEqual([expect.stringContaining(`${path} holds files of others`)]);
  expect(readdirSync(path)).toEqual(["notes.txt"]);
});

test("a made parent that is in use by now stays, without a warning", async () => {
  using folder = await temporaryFolder();
  const manifest = await written(join(folder.path, "a", "out"));
  mkdirSync(join(folder.path, "a", "other"));
  expect(await removeOutput(manifest)).toEqual([]);
  expect(readdirSync(join(folder.path, "a"))).toEqual(["other"]);
});

describe("what is no longer what was written", () => {
  test("a link in a file's place is left alone, and so is what it leads to", async () => {
    using folder = await temporaryFolder();
    using outside = await temporaryFolder();
    const path = join(folder.path, "out");
    const manifest = await written(path);
    writeFileSync(join(outside.path, "victim"), "untouched");
    renameSync(join(path, "key"), join(outside.path, "moved"));
    symlinkSync(join(outside.path, "victim"), join(path, "key"));
    expect(await removeOutput(manifest)).toEqual([
      expect.stringContaining("key is no longer a regular file"),
      expect.stringContaining("holds files of others"),
    ]);
    expect(readdirSync(path)).toEqual(["key"]);
    expect(readFileSync(join(outside.path, "victim"), "utf8")).toBe("untouched");
  });

  test.for(["another folder", "a link", "a file"])(
    "%s at the folder's path: nothing is removed",
    async (what) => {
      using folder = await temporaryFolder();
      const path = join(folder.path, "out");
      const aside = join(folder.path, "aside");
      const manifest = await written(path);
      renameSync(path, aside);
      if (what === "a link") symlinkSync(aside, path);
      else if (what === "a file") linkSync(join(aside, "key"), path);
      else {
        mkdirSync(path);
        writeFileSync(join(path, "key"), "somebody's");
      }
      expect(await removeOutput(manifest)).toEqual([expect.stringContaining("is no longer the folder")]);
      expect(readdirSync(aside).sort()).toEqual(["key", "tlscert"]);
      if (what === "another folder") expect(readdirSync(path)).toEqual(["key"]);
    },
  );

  test("a folder that is gone already is no reason for a warning", async () => {
    using folder = await temporaryFolder();
    const path = join(folder.path, "a", "out");
    const manifest = await written(path);
    renameSync(path, join(folder.path, "aside"));
    expect(await removeOutput(manifest)).toEqual([]);
    expect(readdirSync(folder.path)).toEqual(["aside"]);
  });
});

describe("what a killed run leaves", () => {
  test("half-written files of the listed names and the lock go, files that only look alike stay", async () => {
    using folder = await temporaryFolder();
    const path = join(folder.path, "out");
    const manifest = await written(path);
    const body = `await outputs.openDestination(${JSON.stringify(path)}, outputs.systemDeps())`;
    await inChild(body, { asRoot: true });
    for (const name of [".key.0123456789abcdef.tmp", ".tlscert.0123456789abcdef.old"]) {
      writeFileSync(join(path, name), "private");
    }
    expect(readdirSync(path)).toHaveLength(5);
    const others = [".key.txt", ".key.0123456789abcdef.tmp.bak", ".other.0123456789abcdef.tmp"];
    for (const name of others) writeFileSync(join(path, name), "");
    expect(await removeOutput(manifest)).toEqual([expect.stringContaining("holds files of others")]);
    expect(readdirSync(path).sort()).toEqual(others.sort());
  });

  test("the lock of a running join stays", async () => {
    using folder = await temporaryFolder();
    const path = join(folder.path, "out");
    const manifest = await written(path);
    await using _ = await openDestination(path, systemDeps());
    await removeOutput(manifest);
    expect(readdirSync(path)).toEqual([".bot-join.lock"]);
  });
});

test("an output removed while its destination is open leaves no folder once that is disposed of", async () => {
  using folder = await temporaryFolder();
  {
    await using destination = await openDestination(join(folder.path, "a", "out"), systemDeps());
    await destination.write(new Map([["key", "private"]]));
    await removeOutput(destination.manifest());
  }
  expect(readdirSync(folder.path)).toEqual([]);
});

test("names that lead out of the folder are not followed", async () => {
  using folder = await temporaryFolder();
  const manifest = await written(join(folder.path, "out"));
  writeFileSync(join(folder.path, "victim"), "");
  const warnings = await removeOutput({ ...manifest, files: ["../victim", "..", "", "key", "tlscert"] });
  expect(warnings).toHaveLength(3);
  expect(readdirSync(folder.path)).toEqual(["victim"]);
});

test.for([
  {},
  { directory: 7 },
  { directory: "/nowhere/at/all" },
  { directory: "/tmp", device: "0", inode: "0" },
])("a damaged manifest is a warning or nothing, never an exception: %j", async (manifest) => {
  expect(await removeOutput(manifest as unknown as WrittenOutput)).toBeInstanceOf(Array);
});

test("files that may not be removed are warnings", async () => {
  using folder = await temporaryFolder();
  await giveToChild(folder.path);
  const path = join(folder.path, "out");
  const result = await inChild(`
    const destination = await outputs.openDestination(${JSON.stringify(path)}, outputs.systemDeps());
    await destination.write(new Map([["key", "x"]]));
    await destination[Symbol.asyncDispose]();
    await fs.chmod(destination.path, 0o500);
    return outputs.removeOutput(destination.manifest());`);
  expect(result.value).toEqual([
    expect.stringMatching(/key could not be removed: EACCES/),
    expect.stringContaining("holds files of others"),
  ]);
  chmodSync(path, 0o700);
  expect(readdirSync(path)).toEqual(["key"]);
});

describe("sub-folders", () => {
  const cockroach = new Map([
    ["cockroach/node.key", "private"],
    ["cockroach/ca.crt", "certificate"],
  ]);

  async function writtenBelow(path: string): Promise<WrittenOutput> {
    await using destination = await openDestination(path, systemDeps());
    await destination.write(cockroach);
    return destination.manifest();
  }

  test("that the run made go with the files", async () => {
    using folder = await temporaryFolder();
    writeFileSync(join(folder.path, "notes.txt"), "");
    expect(await removeOutput(await writtenBelow(folder.path))).toEqual([]);
    expect(readdirSync(folder.path)).toEqual(["notes.txt"]);
    expect(await removeOutput(await writtenBelow(join(folder.path, "a", "out")))).toEqual([]);
    expect(readdirSync(folder.path)).toEqual(["notes.txt"]);
  });

  test("that were there before stay", async () => {
    using folder = await temporaryFolder();
    mkdirSync(join(folder.path, "cockroach"));
    expect(await removeOutput(await writtenBelow(folder.path))).toEqual([]);
    expect(readdirSync(folder.path)).toEqual(["cockroach"]);
    expect(readdirSync(join(folder.path, "cockroach"))).toEqual([]);
  });

  test("a run that was killed before it could note them: they go with the directory that it made", async () => {
    using folder = await temporaryFolder();
    const path = join(folder.path, "out");
    const manifest = await writtenBelow(path);
    writeFileSync(join(path, "cockroach", ".node.key.0123456789abcdef.tmp"), "private");
    expect(await removeOutput({ ...manifest, madeFolders: [path] })).toEqual([]);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("one that has become a link is left alone with what it leads to", async () => {
    using folder = await temporaryFolder();
    using outside = await temporaryFolder();
    const path = join(folder.path, "out");
    const manifest = await writtenBelow(path);
    renameSync(join(path, "cockroach"), join(outside.path, "moved"));
    symlinkSync(join(outside.path, "moved"), join(path, "cockroach"));
    expect(await removeOutput(manifest)).toEqual([
      expect.stringContaining("cockroach is no longer a folder"),
      expect.stringContaining("holds files of others"),
    ]);
    expect(readdirSync(join(outside.path, "moved")).sort()).toEqual(["ca.crt", "node.key"]);
  });
});

test("links that were followed stay, the files that they lead to go", async () => {
  using folder = await temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  mkdirSync(at("out"), { mode: 0o700 });
  mkdirSync(at("elsewhere"));
  symlinkSync("../elsewhere/key", at("out/key"));
  const files = new Map([
    ["key", "private"],
    ["tlscert", "certificate"],
  ]);
  const write = async (): Promise<WrittenOutput> => {
    await using destination = await openDestination(at("out"), systemDeps(), { symlinks: "insecure" });
    await destination.write(files);
    return destination.manifest();
  };
  const manifest = await write();
  writeFileSync(at("elsewhere/.key.0123456789abcdef.tmp"), "private");
  expect(await removeOutput(manifest)).toEqual([]);
  expect([readdirSync(at("out")), readdirSync(at("elsewhere"))]).toEqual([["key"], []]);
  await write();
  expect(readFileSync(at("elsewhere/key"), "utf8")).toBe("private");
});
