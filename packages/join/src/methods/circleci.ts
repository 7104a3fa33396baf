import type { JoinMethod } from "./join-method.ts";

/** CircleCI (id-tokens.md section 4): the audience is the organization's id, which CircleCI puts in. */
export const circleci: JoinMethod = { name: "circleci", proof: "id-token", audience: undefined };
