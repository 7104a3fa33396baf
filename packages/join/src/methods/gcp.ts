import type { JoinMethod } from "./join-method.ts";

/** Google Cloud (id-tokens.md section 11): the audience is this literal text on every cluster. */
export const gcp: JoinMethod = { name: "gcp", proof: "id-token", audience: "teleport.cluster.local" };
