import { chmodSync, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { JobState } from "./job-state.ts";

const quiet = (): void => {};

function modeOf(path: string): number {
  return lstatSync(path).mode & 0o777;
}

describe("JobState", () => {
  it("keeps one private note per join, which another process finds", () => {
    using folder = tempDir();
    const directory = join(folder.path, "a", "state");
    const first = new JobState(directory);
    first.save("default", "cleanup", "1");
    first.save("default", "cleanup", "2");
    const second = new JobState(directory);
    second.save("other", "cleanup", "3");
    expect([first.get("cleanup"), second.get("cleanup")]).toEqual(["2", "3"]);
    expect(modeOf(directory)).toBe(0o700);
    expect(readdirSync(directory).map((name) => modeOf(join(directory, name)))).toEqual([0o600, 0o600]);
    const joins = new JobState(directory).joins(quiet);
    expect(new Set(joins.map(({ id, state }) => `${id} ${state["cleanup"]}`))).toEqual(
      new Set(["default 2", "other 3"]),
    );
    for (const join of joins) join.forget();
    new JobState(directory).end();
    expect(readdirSync(join(folder.path, "a"))).toEqual([]);
  });

  it("forgets a join that has left nothing", () => {
    using folder = tempDir();
    const state = new JobState(join(folder.path, "state"));
    state.drop();
    state.save("default", "cleanup", "1");
    state.drop();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it("keeps one note of joins that left the same, the last one, once that has gone well", () => {
    using folder = tempDir();
    const directory = join(folder.path, "state");
    const notes = ["1", "2", "2", "2"].map((value, index) => {
      vi.spyOn(Date, "now").mockReturnValueOnce(1_760_000_000_000 + index);
      const state = new JobState(directory);
      state.save("default", "cleanup", value);
      return state;
    });
    expect(readdirSync(directory)).toHaveLength(4);
    notes[3]?.settle();
    expect(new JobState(directory).joins(quiet).map(({ state }) => state["cleanup"])).toEqual(["2", "1"]);
    expect(readdirSync(directory).map((name) => name.slice(0, 18))).toEqual([
      "join-1760000000000",
      "join-1760000000003",
    ]);
  });

  it("has no joins, and nothing to end, where nothing was saved", () => {
    using folder = tempDir();
    const state = new JobState(join(folder.path, "state"));
    expect(state.joins(quiet)).toEqual([]);
    state.end();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it.each<[string, (path: string, folder: string) => void]>([
    ["a link", (path, folder) => symlinkSync(join(folder, "elsewhere"), path)],
    ["a file", (path) => writeFileSync(path, "")],
    ["another user's", (path) => mkdirSync(path)],
    ["writable for others", (path) => mkdirSync(path)],
  ])("does not use a folder that is %s", (what, make) => {
    using folder = tempDir();
    mkdirSync(join(folder.path, "elsewhere"));
    const path = join(folder.path, "state");
    make(path, folder.path);
    if (what === "writable for others") chmodSync(path, 0o770);
    using _ = what === "another user's" ? actAs(12345) : undefined;
    const state = new JobState(path);
    expect(() => state.save("default", "cleanup", "1")).toThrow(
      expect.objectContaining({ code: "ERR_STATE_DIRECTORY", message: expect.stringContaining(path) }),
    );
    expect(() => state.joins(quiet)).toThrow(path);
    expect(() => state.end()).toThrow(path);
    expect(readdirSync(join(folder.path, "elsewhere"))).toEqual([]);
  });

  it("passes over notes that are none, and follows no link", () => {
    using folder = tempDir();
    const directory = join(folder.path, "state");
    new JobState(directory).save("default", "cleanup", "1");
    const name = (digit: number): string => join(directory, `join-176000000000${digit}-0123456789ab.json`);
    writeFileSync(name(1), "{");
    writeFileSync(name(2), '{"id":1,"state":{}}');
    writeFileSync(join(folder.path, "outside"), '{"id":"x","state":{}}');
    symlinkSync(join(folder.path, "outside"), name(3));
    const warnings: string[] = [];
    expect(new JobState(directory).joins((text) => warnings.push(text)).map(({ id }) => id)).toEqual([
      "default",
    ]);
    expect(warnings).toHaveLength(3);
  });

  it("ends with everything of bot-join's, and leaves what is somebody else's", () => {
    using folder = tempDir();
    const directory = join(folder.path, "state");
    const state = new JobState(directory);
    state.save("default", "cleanup", "1");
    mkdirSync(join(directory, "bot-join-program", "1.0.0"), { recursive: true });
    writeFileSync(join(directory, "bot-join-program", "1.0.0", "bot-join"), "");
    writeFileSync(join(directory, "bot-join-exports.AbC123"), "");
    // A folder of the user, given as state-dir, may hold things of such names.
    const foreign = ["exports.sh", "notes", "program"];
    for (const name of foreign) writeFileSync(join(directory, name), "mine");
    for (const join of state.joins(quiet)) join.forget();
    state.end();
    expect(readdirSync(directory).sort()).toEqual(foreign);
  });
});

/** Lets this process take itself for another user. */
function actAs(uid: number): Disposable {
  const { getuid } = process;
  Object.defineProperty(process, "getuid", { value: () => uid, configurable: true, writable: true });
  return {
    [Symbol.dispose]: () =>
      Object.defineProperty(process, "getuid", { value: getuid, configurable: true, writable: true }),
  };
}
