import { expect, it } from "vitest";
import { clientVersionRefusal } from "./client-version.ts";

it.each([
  [undefined, undefined],
  ["18.4.1", undefined],
  ["17.0.0-aa", undefined],
  ["16.9.9", "client version is unsupported"],
  ["1.0.0", "client version is unsupported"],
  ["v18.0.0", "client version is unsupported"],
  ["", "client version is unsupported"],
])("judges %j", (version, refusal) => {
  expect(clientVersionRefusal(version, 17)).toBe(refusal);
});
