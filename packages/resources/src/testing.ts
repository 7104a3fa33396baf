import { readFileSync } from "node:fs";
import type { TokenResource } from "./model.ts";
import { parseResources } from "./parse-resources.ts";

/** Reads a file of test/vectors/resources. */
export function readVector(name: string): string {
  return readFileSync(new URL(`../../../test/vectors/resources/${name}`, import.meta.url), "utf8");
}

/** Makes a GitHub token with these rules through the parser. */
export function githubToken(
  allow: Record<string, string>[],
  more: Record<string, unknown> = {},
): TokenResource {
  const spec = { roles: ["Bot"], bot_name: "robot", join_method: "github", github: { allow, ...more } };
  const document = { kind: "token", version: "v2", metadata: { name: "gh" }, spec };
  const [token] = parseResources(JSON.stringify(document), "test");
  return token as TokenResource;
}
