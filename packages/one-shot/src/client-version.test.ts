import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { clientVersion } from "./client-version.ts";

test("the version that heartbeats tell is the package's", () => {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as object;
  expect(manifest).toMatchObject({ version: clientVersion });
});
