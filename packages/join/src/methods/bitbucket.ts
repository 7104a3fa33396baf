import type { JoinMethod } from "./join-method.ts";

/** Bitbucket Pipelines (id-tokens.md section 5): the token resource names the audience, Bitbucket puts it in. */
export const bitbucket: JoinMethod = { name: "bitbucket", proof: "id-token", audience: undefined };
