import { formatHostPort, getJson, TransportError } from "@bot-join/transport";
import * as v from "valibot";
import type { Connections } from "./connect.ts";
import type { Run } from "./context.ts";

/** What the proxy says of its own addresses (join.md section 1.2); all `host:port`. */
export interface ProxySettings {
  tlsRouting: boolean;
  sshPublicAddr: string;
  kubePublicAddr: string;
  kubeListenAddr: string;
}

const address = v.optional(v.string(), "");

const settingsSchema = v.object({
  proxy: v.object({
    tls_routing_enabled: v.optional(v.boolean(), false),
    ssh: v.optional(v.object({ public_addr: address }), {}),
    kube: v.optional(v.object({ public_addr: address, listen_addr: address }), {}),
  }),
});

/** Asks the proxy for its settings. Throws a TransportError, `ERR_TRANSPORT_NOT_TELEPORT` for an answer that holds none. */
export async function askProxySettings(
  { plan, signal }: Run,
  connections: Connections,
): Promise<ProxySettings> {
  const host = formatHostPort(plan.proxy);
  const { status, body } = await getJson(await connections.takeWeb(), { host, path: "/webapi/find", signal });
  const { proxy } = parseSettings(body) ?? notTeleport(host, status);
  return {
    tlsRouting: proxy.tls_routing_enabled,
    sshPublicAddr: proxy.ssh.public_addr,
    kubePublicAddr: proxy.kube.public_addr,
    kubeListenAddr: proxy.kube.listen_addr,
  };
}

function parseSettings(body: string): v.InferOutput<typeof settingsSchema> | undefined {
  try {
    return v.parse(settingsSchema, JSON.parse(body));
  } catch {
    return undefined;
  }
}

function notTeleport(host: string, status: number): never {
  throw new TransportError({
    code: "ERR_TRANSPORT_NOT_TELEPORT",
    kind: "cluster",
    message: `GET https://${host}/webapi/find gave HTTP ${status} and nothing that describes a Teleport proxy; a kubeconfig needs its addresses.`,
    hint: "Does a web server or an application load balancer in front of the proxy answer this path?",
    retryable: status >= 500,
  });
}
