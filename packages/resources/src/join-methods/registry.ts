import { type GithubBlock, github } from "./github.ts";
import type { IdTokenJoinMethod, JoinMethod } from "./join-method.ts";
import { token } from "./token.ts";

/** The blocks of `spec` that enforced join methods own; a token holds the one of its method. */
export interface MethodBlocks {
  github?: GithubBlock;
}

/** Join methods that are checked and matched, one file each. */
export const joinMethods: { readonly github: IdTokenJoinMethod; readonly token: JoinMethod } = {
  github,
  token,
};

const byName: ReadonlyMap<string, JoinMethod> = new Map(Object.entries(joinMethods));

/** Finds an enforced join method by name; undefined for one that this version only knows by name. */
export function findJoinMethod(name: string): JoinMethod | undefined {
  return byName.get(name);
}
