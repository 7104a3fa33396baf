import type { TokenResource } from "@bot-join/resources";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import type { JoinRequest } from "./decode-request.ts";

/**
 * Checks what holds for every join method: the token exists, has not expired and allows the role
 * (join.md section 7.2). An unknown and an expired token are refused alike, so that nobody can tell them apart.
 */
export function checkToken(
  context: ClusterContext,
  request: JoinRequest,
  token: TokenResource | undefined,
): asserts token is TokenResource {
  const { nodeName, hostId, role } = request;
  const expired = token?.expires !== undefined && token.expires <= context.clock.now();
  if (token !== undefined && expired) context.state.removeToken(token.name);
  if (token === undefined || expired) {
    throw new Refusal(
      "access-denied",
      `"${nodeName}" can not join the cluster with role "${role}", token expired or not found`,
    );
  }
  if (!token.roles.includes(role)) {
    throw new Refusal("bad-parameter", context.profile.roleNotAllowedText({ nodeName, hostId, role }));
  }
}
