import type { JoinMethod } from "./join-method.ts";

/** Spacelift (id-tokens.md section 6): the audience is the account's host name, which Spacelift puts in. */
export const spacelift: JoinMethod = { name: "spacelift", proof: "id-token", audience: undefined };
