import type { JoinMethod } from "./join-method.ts";

/** Kubernetes service accounts (id-tokens.md section 10): the audience depends on how the cluster verifies them. */
export const kubernetes: JoinMethod = { name: "kubernetes", proof: "id-token", audience: undefined };
