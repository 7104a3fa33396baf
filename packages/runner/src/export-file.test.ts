import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { ExportFile } from "./export-file.ts";

describe("ExportFile", () => {
  it("makes the file for its owner alone, and appends once", () => {
    using folder = tempDir();
    const path = join(folder.path, "env");
    const file = new ExportFile(path, "sh");
    file.prepare();
    expect(readFileSync(path, "utf8")).toBe("");
    file.append([
      ["A", "1"],
      ["B", "x y"],
    ]);
    expect(readFileSync(path, "utf8")).toBe("export A='1'\nexport B='x y'\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    file.discard();
    expect(readFileSync(path, "utf8")).not.toBe("");
  });

  it.each([
    ["export MINE=1\n", "export MINE=1\nexport A='1'\n"],
    ["export MINE=1", "export MINE=1\nexport A='1'\n"],
    ["", "export A='1'\n"],
  ])("leaves what stands in a file, and its mode: %j", (before, after) => {
    using folder = tempDir();
    const path = join(folder.path, "env");
    writeFileSync(path, before, { mode: 0o644 });
    const file = new ExportFile(path, "sh");
    file.prepare();
    file.append([["A", "1"]]);
    file.discard();
    expect(readFileSync(path, "utf8")).toBe(after);
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  it("takes a file away that was made in vain, and no other one", () => {
    using folder = tempDir();
    const path = join(folder.path, "env");
    const file = new ExportFile(path, "sh");
    file.prepare();
    file.append([]);
    expect(() => statSync(path)).toThrow("ENOENT");
    writeFileSync(path, "");
    file.discard();
    expect(statSync(path).size).toBe(0);
  });

  it("makes no file for what is only taken back", () => {
    using folder = tempDir();
    const path = join(folder.path, "env");
    new ExportFile(path, "sh").append([["A", "1"]]);
    expect(() => statSync(path)).toThrow("ENOENT");
  });

  it("says which file cannot be written", () => {
    using folder = tempDir();
    mkdirSync(join(folder.path, "folder"));
    for (const path of [join(folder.path, "folder"), join(folder.path, "no/such/env")]) {
      expect(() => new ExportFile(path, "sh").prepare()).toThrow(
        expect.objectContaining({ code: "ERR_EXPORT_FILE", message: expect.stringContaining(path) }),
      );
    }
  });
});
