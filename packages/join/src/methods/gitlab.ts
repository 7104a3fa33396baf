import type { JoinMethod } from "./join-method.ts";

/** GitLab CI (id-tokens.md section 3): the audience is the cluster's name, as the job's `id_tokens` says it. */
export const gitlab: JoinMethod = { name: "gitlab", proof: "id-token", audience: undefined };
