import { inputTable } from "@bot-join/runner";
import { describe, expect, test } from "vitest";
import { fillReadmeTables } from "../../scripts/readme-tables.ts";
import { pages } from "./pages.ts";

const text = pages().find(({ path }) => path === "README.md")?.text ?? "";

describe("README.md", () => {
  test("its tables are what the runner's tables say (npm run generate)", () => {
    expect(text).toBe(fillReadmeTables(text));
  });

  test("a table needs its markers", () => {
    expect(() => fillReadmeTables("no markers")).toThrow("README.md has no <!-- inputs -->");
  });

  test("only proxy and token are required", () => {
    expect(inputTable.filter(({ required }) => required).map(({ name }) => name)).toEqual(["proxy", "token"]);
  });

  test("it has the place where npm run bench puts its table", () => {
    expect(text).toMatch(/<!-- bench -->[\s\S]*<!-- \/bench -->/);
  });
});
