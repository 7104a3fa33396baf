import type { TokenResource } from "@bot-join/resources";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import type { JoinRequest } from "./decode-request.ts";

/**
 * Checks that a token exists and has not expired (join.md section 7.2). An unknown and an expired token are refused alike,
 * in the given words, so that nobody can tell them apart.
 */
export function checkTokenExists(
  context: ClusterContext,
  token: TokenResource | undefined,
  text = "token expired or not found",
): asserts token is TokenResource {
  const expired = token?.expires !== undefined && token.expires <= context.clock.now();
  if (token !== undefined && expired) context.state.removeToken(token.name);
  if (token === undefined || expired) throw new Refusal("access-denied", text);
}

/** Checks what holds for every join method of transport A: the token exists, has not expired and allows the role. */
export function checkToken(
  context: ClusterContext,
  request: JoinRequest,
  token: TokenResource | undefined,
): asserts token is TokenResource {
  const { nodeName, hostId, role } = request;
  const text = `"${nodeName}" can not join the cluster with role "${role}", token expired or not found`;
  checkTokenExists(context, token, text);
  if (!token.roles.includes(role)) {
    throw new Refusal("bad-parameter", context.profile.roleNotAllowedText({ nodeName, hostId, role }));
  }
}
