import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { maxIdTokenBytes } from "./claims.ts";
import { everythingOf, failureOf, makeToken } from "./testing.ts";
import { readTokenFile } from "./token-file.ts";

const directory = mkdtempSync(join(tmpdir(), "bot-join-token-"));
afterAll(() => rmSync(directory, { recursive: true }));
const { signal } = new AbortController();

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

describe("readTokenFile", () => {
  it.each([["token"], ["token\n"], ["\r\n  token\r\n"]])(
    "reads %j without the space around",
    async (content) => {
      expect(await readTokenFile(file("good", content), signal)).toBe("token");
    },
  );

  it("reads no more than one byte too many", async () => {
    const text = await readTokenFile(file("long", "x".repeat(3 * maxIdTokenBytes)), signal);
    expect(text).toHaveLength(maxIdTokenBytes + 1);
  });

  it.each([
    ["a missing file", join(directory, "none"), "ENOENT"],
    ["a folder", directory, "EISDIR"],
    ["an empty file", file("empty", " \n"), "the file is empty"],
    ["a path below a file", join(file("plain", "x"), "y"), "ENOTDIR"],
    ["a path that no system has", "a\0b", "null bytes"],
  ])("refuses %s", async (_name, path, text) => {
    const error = await failureOf(readTokenFile(path, signal));
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_FILE_UNREADABLE", kind: "user" });
    expect(error.message).toContain(text);
  });

  it("does not show a token that was given as the path", async () => {
    const token = makeToken();
    expect(everythingOf(await failureOf(readTokenFile(token, signal)))).not.toContain(token.slice(0, 30));
  });

  it("stops when it is told to", async () => {
    const reason = new Error("cancelled");
    expect(await failureOf(readTokenFile(file("other", "token"), AbortSignal.abort(reason)))).toBe(reason);
  });
});
