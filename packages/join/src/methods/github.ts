import type { JoinMethod } from "./join-method.ts";

/** GitHub Actions (id-tokens.md section 2): the audience is this literal text on every cluster. */
export const github: JoinMethod = { name: "github", proof: "id-token", audience: "teleport.cluster.local" };
