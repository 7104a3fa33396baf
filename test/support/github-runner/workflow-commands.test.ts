import { expect, test } from "vitest";
import { JobLog } from "./workflow-commands.ts";

function logOf(...steps: (string | { stdout: string; stderr: string })[]): JobLog {
  const log = new JobLog();
  for (const step of steps) log.add(typeof step === "string" ? { stdout: step, stderr: "" } : step);
  return log;
}

test("a mask hides what comes after it, in later steps too, and nothing before it", () => {
  const log = logOf("key\n::add-mask::key\na key, keykey", "key");
  expect(log.text).toBe("key\na ***, ******\n***");
  expect(log.masks).toEqual(new Set(["key"]));
});

test("standard error counts as printed before the step's masks", () => {
  expect(logOf({ stdout: "::add-mask::key\nkey", stderr: "key" }).text).toBe("key\n***");
});

test("of a value with several lines each line is masked, and the whole", () => {
  const log = logOf("::add-mask::one%0D%0A  two %0Athree%25\n[one][two][three%]");
  expect(log.masks).toEqual(new Set(["one\r\n  two \nthree%", "one", "two", "three%"]));
  expect(log.text).toBe("[***][***][***]");
});

test("of masks that hold each other the longest goes first", () => {
  expect(logOf("::add-mask::abc\n::add-mask::abcdef\nabcdef abc").text).toBe("*** ***");
});

test("data is unescaped, the percent sign last", () => {
  expect(logOf("::error title=x,line=1::one%0Atwo %250A").text).toBe("error: one\ntwo %0A");
});

test.each([
  ["white space before it", "  ::add-mask::key\nkey", "***"],
  ["another case", "::Add-Mask::key\nkey", "***"],
  ["the older form, anywhere", "text ##[add-mask]key\nkey", "***"],
  ["text before it is text", "text ::add-mask::key", "text ::add-mask::key"],
  ["a name that is none", "::tip::use ssh", "::tip::use ssh"],
  ["no end", "::add-mask", "::add-mask"],
  ["an empty mask masks nothing", "::add-mask::\ntext", "text"],
])("what is a command: %s", (_what, output, text) => {
  expect(logOf(output).text).toBe(text);
});

test("between stop-commands and its token nothing is obeyed", () => {
  const log = logOf(
    "::stop-commands::Tok_1\n::add-mask::key\n::other::\nkey\n::Tok_1::\n::add-mask::key\nkey",
  );
  expect(log.text).toBe("::add-mask::key\n::other::\nkey\n***");
});

test.each(["set-output name=a::b", "set-env name=a::b", "add-path::/x", "SAVE-STATE name=a::b"])(
  "what no step has to give any more is an attack: ::%s",
  (command) => {
    expect(() => logOf(`::${command}`)).toThrow("workflow command");
  },
);
