import { BotJoinError, type ErrorKind } from "@bot-join/core";
import { exitStatus, failureText } from "@bot-join/runner";
import { describe, expect, test } from "vitest";
import { pages } from "./pages.ts";

const text = pages().find(({ path }) => path === "docs/errors.md")?.text ?? "";
const sections = text
  .split(/^## /m)
  .slice(1)
  .map((section) => {
    const [code = "", ...lines] = section.split("\n");
    return { code, body: lines.filter((line) => line !== "" && !line.startsWith("<!--")) };
  });

describe("docs/errors.md", () => {
  test.each(sections)("$code: three to six lines", ({ body }) => {
    expect(body.length).toBeGreaterThanOrEqual(3);
    expect(body.length).toBeLessThanOrEqual(6);
  });

  test("the sections of an area are together, and in the order of the alphabet", () => {
    const areas = text.split(/^<!-- .* -->$/m).slice(1);
    for (const area of areas) {
      const codes = [...area.matchAll(/^## (\w+)$/gm)].map((match) => match[1]);
      expect(codes).toEqual([...codes].sort());
    }
  });

  test.each(["user", "denied", "network", "cluster", "internal"] as const)(
    "the exit status of the kind %s",
    (kind: ErrorKind) => {
      const error = new BotJoinError({ code: "ERR_X", kind, message: "" });
      expect(text).toContain(`| ${exitStatus(error)} | ${kind} |`);
    },
  );

  test("an error leads to its section", () => {
    const { code } = sections[0] ?? { code: "" };
    const shown = failureText(new BotJoinError({ code, kind: "user", message: "" }));
    expect(shown).toContain(`docs/errors.md#${code.toLowerCase()}`);
  });
});
