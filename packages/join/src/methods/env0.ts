import type { JoinMethod } from "./join-method.ts";

/** env0 (id-tokens.md section 7): the audience is a constant of env0's, which it puts in itself. */
export const env0: JoinMethod = {
  name: "env0",
  proof: "id-token",
  audience: undefined,
  joinServiceSince: "18.4",
};
