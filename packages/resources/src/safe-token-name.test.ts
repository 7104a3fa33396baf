import { expect, it } from "vitest";
import { safeTokenName } from "./safe-token-name.ts";

/** provision-token.md section 3; join.md section 7.1. */
it.each([
  ["0123456789abcdef", "token", "************cdef"],
  ["0123456789abcde", "token", "***************"],
  ["0123456789abcdefg", "token", "************cdefg"],
  ["ci-deploy", "token", "*********"],
  ["ci-deploy", "github", "ci-deploy"],
])("shows %s of method %s as %s", (name, joinMethod, expected) => {
  expect(safeTokenName({ name, joinMethod })).toBe(expected);
});
