import {
  type CreateAppSessionRequest,
  type CreateAppSessionResponse,
  CreateAppSessionResponseSchema,
  type GetAppSessionRequest,
  type GetAppSessionResponse,
  GetAppSessionResponseSchema,
} from "@bot-join/proto";
import { create } from "@bufbuild/protobuf";
import type { Caller } from "../caller.ts";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { requireUser } from "./authorize.ts";
import { appSessionMessage } from "./target-messages.ts";

/**
 * Begins a session with an application, which lasts as long as the caller's certificate (user-certs.md section 2.9).
 * Whether there is such an application is not looked at. The wording of the refusal was not measured.
 */
export function createAppSession(
  context: ClusterContext,
  anybody: Caller,
  { username }: CreateAppSessionRequest,
): CreateAppSessionResponse {
  const caller = requireUser(anybody);
  if (username !== caller.username) {
    throw new Refusal("access-denied", "session username does not match the current user");
  }
  const id = context.state.appSessions.create({ username, expires: caller.expires });
  return create(CreateAppSessionResponseSchema, { session: appSessionMessage(id, caller.expires) });
}

/** Gives a session of the caller's own. */
export function getAppSession(
  context: ClusterContext,
  anybody: Caller,
  { sessionId }: GetAppSessionRequest,
): GetAppSessionResponse {
  const caller = requireUser(anybody);
  const session = context.state.appSessions.find(sessionId);
  if (session === undefined || session.username !== caller.username) {
    throw new Refusal("not-found", `key "/web/sessions/app/${sessionId}" is not found`);
  }
  return create(GetAppSessionResponseSchema, { session: appSessionMessage(sessionId, session.expires) });
}
