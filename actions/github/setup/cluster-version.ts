import { describeError } from "@bot-join/core";
import { getJson, type ProxyDialer } from "@bot-join/transport";
import { SetupError } from "./errors.ts";
import { findVersion } from "./version.ts";

/** Where a cluster with managed updates says which version its clients should have. */
const channelPath = "/v1/webapi/automaticupgrades/channel/default/version";

/** Where every cluster says which version it has itself (join.md section 1.2). */
const pingPath = "/webapi/ping";

async function get(dialer: ProxyDialer, path: string, signal: AbortSignal): Promise<string | undefined> {
  const { status, body } = await getJson(await dialer.openWeb(), { host: dialer.address, path, signal });
  return status === 200 ? body.trim() : undefined;
}

function serverVersion(body: string | undefined): string | undefined {
  try {
    const answer = JSON.parse(body ?? "") as { server_version?: unknown } | null;
    return typeof answer?.server_version === "string" ? findVersion(answer.server_version) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Asks a cluster for the version of its tools: what its update channel names, else what its proxy has. Throws
 * `ERR_SETUP_VERSION` when neither names one, and a TransportError when the cluster is not reached.
 */
export async function clusterVersion(dialer: ProxyDialer, signal: AbortSignal): Promise<string> {
  // Clusters without that channel answer in many ways, and some not at all.
  const channel = await get(dialer, channelPath, signal).catch((error: unknown) => describeError(error));
  const version =
    findVersion(channel?.replace(/^"|"$/g, "") ?? "") ?? serverVersion(await get(dialer, pingPath, signal));
  if (version !== undefined) return version;
  throw new SetupError({
    code: "ERR_SETUP_VERSION",
    kind: "cluster",
    message: `The cluster at ${dialer.address} does not say which version it has.`,
    hint: "Check that the input proxy is the address of a Teleport proxy, or give an exact version, such as 18.4.1.",
  });
}
