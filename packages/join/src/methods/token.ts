import type { JoinMethod } from "./join-method.ts";

/** A secret token (join.md section 8.3): whoever knows its name joins, once. */
export const token: JoinMethod = { name: "token", proof: "secret", audience: undefined };
