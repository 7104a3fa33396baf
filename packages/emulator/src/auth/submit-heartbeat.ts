import {
  type BotInstanceServiceHealth,
  type BotInstanceStatusHeartbeat,
  type SubmitHeartbeatRequest,
  type SubmitHeartbeatResponse,
  SubmitHeartbeatResponseSchema,
} from "@bot-join/proto";
import type { BotHeartbeat, BotKind, BotServiceHealth } from "@bot-join/resources";
import { create } from "@bufbuild/protobuf";
import { durationMs, timestampDate } from "@bufbuild/protobuf/wkt";
import type { Caller } from "../caller.ts";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { requireUser } from "./authorize.ts";

const botKinds: readonly BotKind[] = ["unspecified", "tbot", "terraform-provider", "kubernetes-operator"];
const healthStates: readonly BotServiceHealth["status"][] = [
  "unspecified",
  "initializing",
  "healthy",
  "unhealthy",
];

/** Keeps what a bot says of itself (bot-instance.md sections 1 and 2); the time is the server's. */
export function submitHeartbeat(
  context: ClusterContext,
  anybody: Caller,
  request: SubmitHeartbeatRequest,
): SubmitHeartbeatResponse {
  const { profile, state } = context;
  const caller = requireUser(anybody);
  if (caller.botName === undefined) throw new Refusal("access-denied", "identity did not contain bot name");
  if (caller.botInstanceId === undefined) {
    throw new Refusal("access-denied", "identity did not contain bot instance ID");
  }
  if (request.heartbeat === undefined) throw new Refusal("bad-parameter", "heartbeat: must be non-nil");
  const instance = state.botInstances.get(caller.botName, caller.botInstanceId);
  if (instance === undefined) {
    const name = `bot_instance/${caller.botName}/${caller.botInstanceId}`;
    throw new Refusal("not-found", `patching bot instance\n\tkey "${name}" is not found`);
  }
  const heartbeat = readHeartbeat(request.heartbeat, profile.serviceHealth);
  const health =
    request.serviceHealth.length > 0 ? request.serviceHealth.map(readHealth(context)) : undefined;
  state.botInstances.heartbeat(instance, heartbeat, profile.serviceHealth ? health : undefined);
  return create(SubmitHeartbeatResponseSchema);
}

function readHeartbeat(
  message: BotInstanceStatusHeartbeat,
  keepsKind: boolean,
): Omit<BotHeartbeat, "recordedAt"> {
  const { isStartup, version, hostname, joinMethod, oneShot, architecture, os } = message;
  return {
    isStartup,
    version,
    hostname,
    joinMethod,
    oneShot,
    architecture,
    os,
    uptimeMs: message.uptime === undefined ? 0 : durationMs(message.uptime),
    externalUpdater: "",
    externalUpdaterVersion: "",
    kind: (keepsKind ? botKinds[message.kind] : undefined) ?? "unspecified",
  };
}

function readHealth({ clock }: ClusterContext): (message: BotInstanceServiceHealth) => BotServiceHealth {
  return ({ service, status, reason, updatedAt }) => ({
    service: { type: service?.type ?? "", name: service?.name ?? "" },
    status: healthStates[status] ?? "unspecified",
    ...(reason !== undefined && { reason }),
    updatedAt: updatedAt === undefined ? clock.now() : timestampDate(updatedAt),
  });
}
