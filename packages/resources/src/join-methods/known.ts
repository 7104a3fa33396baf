import { joinMethods } from "./registry.ts";

/**
 * Every `join_method` that a Teleport server has, with the major version whose last release has it
 * (provision-token.md section 2, profiles.md). 14 stands for 14 and everything before.
 */
export const joinMethodSince: ReadonlyMap<string, number> = new Map(
  Object.values(joinMethods).map(({ name, since }): [string, number] => [
    name,
    Math.max(14, Number.parseInt(since, 10)),
  ]),
);
