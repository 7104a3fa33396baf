/** How one join method proves who the job is. */
export interface JoinMethod {
  /** The name in a token resource's `join_method`. */
  name: string;
  /** `id-token`: the platform's OIDC ID token. `secret`: the token's name itself, good for one join. */
  proof: "id-token" | "secret";
  /** The audience that the Auth Service requires of the ID token; undefined where the platform fixes it. */
  audience: string | undefined;
  /**
   * Set where a cluster takes it over `teleport.join.v1` alone (join.md section 14): the first version of Teleport that does.
   * All others go over HTTP, which every version has.
   */
  joinServiceSince?: string;
}
