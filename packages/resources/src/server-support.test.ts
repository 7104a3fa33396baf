import { expect, it } from "vitest";
import { checkServerSupport } from "./server-support.ts";
import { githubToken } from "./testing.ts";

const enterpriseOnly = "github enterprise server joining: this feature requires Teleport Enterprise";
const host = { enterprise_server_host: "ghes.example.com" };
const slug = { enterprise_slug: "octo" };

/** profiles.md; measured-14.2.0.md section 4. */
it.each<[string, Record<string, string>, string, number, boolean, string[]]>([
  ["github", {}, "github", 14, false, []],
  ["a host on a community build", host, "github", 14, false, [enterpriseOnly]],
  ["a host on an Enterprise build", host, "github", 14, true, []],
  ["a slug that 14 does not know", slug, "github", 14, false, []],
  ["a slug on a community build", slug, "github", 15, false, [enterpriseOnly]],
  ["a slug on an Enterprise build", slug, "github", 18, true, []],
  ["env0 before 18", {}, "env0", 17, true, ['unknown join method "env0"']],
  ["env0 in 18", {}, "env0", 18, false, []],
  ["a method that no server has", {}, "zzz", 18, true, ['unknown join method "zzz"']],
])("%s", (_, block, joinMethod, major, enterprise, expected) => {
  const token = { ...githubToken([{ repository: "acme/shop" }], block), joinMethod };
  expect(checkServerSupport(token, { major, enterprise })).toEqual(expected);
});
