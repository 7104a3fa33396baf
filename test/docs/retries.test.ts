import { defaultRetryPolicy, formatDuration } from "@bot-join/core";
import { inputTable } from "@bot-join/runner";
import { expect, test } from "vitest";
import { pages } from "./pages.ts";

const text = (pages().find(({ path }) => path === "docs/retries.md")?.text ?? "").replace(/\s+/g, " ");

function defaultOf(name: string): string {
  return inputTable.find((input) => input.name === name)?.default ?? "";
}

test("docs/retries.md publishes the policy that is in force", () => {
  const { attempts, baseDelayMs, maxDelayMs } = defaultRetryPolicy;
  expect(defaultOf("retries")).toBe(String(attempts));
  expect(text).toContain(`tried \`retries\` times in all (${attempts})`);
  expect(text).toContain(
    `${formatDuration(baseDelayMs)}, doubled each time, never more than ${maxDelayMs / 1000} s`,
  );
  expect(text).toContain(`\`timeout\`, ${defaultOf("timeout").replace("s", " s")}`);
});
