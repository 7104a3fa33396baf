import {
  BotInstanceHealthStatus,
  type SubmitHeartbeatRequest,
  SubmitHeartbeatRequestSchema,
} from "@bot-join/proto";
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { AuthSession } from "./auth-session.ts";
import type { BotIdentity } from "./bot-identity.ts";
import { rpcError } from "./rpc-refusal.ts";

/** One output as a heartbeat reports it. */
export interface ServiceReport {
  /** In tbot's vocabulary, such as `identity`. */
  type: string;
  name: string;
  /** What its state comes from, for people. */
  reason: string;
}

/** What a one-shot run tells the cluster about itself; nothing in it has to be believed (bot-instance.md section 1). */
export interface Heartbeat {
  /** Semantic version of the client, without `v`. */
  version: string;
  hostName: string;
  /** As Node names it. */
  architecture: string;
  /** As Node names it. */
  platform: NodeJS.Platform;
  joinMethod: string;
  uptimeMs: number;
  now: Date;
  services: ServiceReport[];
}

/** Go's name where Node has another. */
const goArchitectures: Readonly<Record<string, string>> = {
  x64: "amd64",
  ia32: "386",
  mipsel: "mipsle",
};
const goSystems: Partial<Record<NodeJS.Platform, string>> = { win32: "windows", sunos: "solaris" };

/** What a heartbeat may hold at most, in characters (profiles.md). */
const maxNameLength = 64;
const maxReasonLength = 256;

/** Writes a heartbeat: services by name, texts cut to what servers take. */
export function heartbeatRequest(heartbeat: Heartbeat): SubmitHeartbeatRequest {
  const { architecture, platform, now } = heartbeat;
  const services = heartbeat.services.map(({ type, name, reason }) => ({
    service: { type, name: cut(name, maxNameLength) },
    // A one-shot run sends nothing after this, and what becomes of its outputs is not known yet.
    status: BotInstanceHealthStatus.INITIALIZING,
    reason: cut(reason, maxReasonLength),
    updatedAt: timestampFromDate(now),
  }));
  return create(SubmitHeartbeatRequestSchema, {
    heartbeat: {
      recordedAt: timestampFromDate(now),
      isStartup: true,
      version: heartbeat.version,
      hostname: heartbeat.hostName,
      uptime: durationFromMs(heartbeat.uptimeMs),
      joinMethod: heartbeat.joinMethod,
      oneShot: true,
      architecture: goArchitectures[architecture] ?? architecture,
      os: goSystems[platform] ?? platform,
    },
    serviceHealth: services.sort((a, b) => compare(a.service.name, b.service.name)),
  });
}

/** The first characters of a text, none of them halved. */
function cut(text: string, length: number): string {
  return [...text].slice(0, length).join("");
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * Sends a bot's heartbeat (user-certs.md section 2.10). A server that knows no heartbeats is no failure. Throws a JoinError
 * when the cluster refuses it, a TransportError when the connection ends first, or the signal's reason.
 */
export async function submitHeartbeat(
  session: AuthSession,
  bot: BotIdentity,
  heartbeat: Heartbeat,
  signal: AbortSignal,
): Promise<void> {
  try {
    await session.instances.submitHeartbeat(heartbeatRequest(heartbeat), { signal });
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.Unimplemented) return;
    throw rpcError(error, "sending a heartbeat", bot, signal);
  }
}
