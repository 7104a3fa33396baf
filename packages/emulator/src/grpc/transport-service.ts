import {
  ClusterDetailsSchema,
  GetClusterDetailsResponseSchema,
  type ProxySSHRequest,
  type ProxySSHResponse,
  TransportService,
} from "@bot-join/proto";
import { create } from "@bufbuild/protobuf";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { type ProxySshOptions, proxySsh } from "../ssh-transport/proxy-ssh.ts";
import { toStatus } from "./refusal-status.ts";
import { connectionKey } from "./server.ts";

/** Registers the proxy's transport service. */
export function transportRoutes(
  options: ProxySshOptions,
  onInternalError: (error: unknown) => void,
): (router: ConnectRouter) => void {
  return (router) => {
    router.service(TransportService, {
      getClusterDetails: () =>
        create(GetClusterDetailsResponseSchema, {
          details: create(ClusterDetailsSchema, { fipsEnabled: false }),
        }),
      async *proxySSH(
        requests: AsyncIterable<ProxySSHRequest>,
        context: HandlerContext,
      ): AsyncIterable<ProxySSHResponse> {
        try {
          const { certificatePem = "" } = context.values.get(connectionKey);
          yield* proxySsh(requests, context.signal, options, certificatePem);
        } catch (error) {
          throw toStatus(error, onInternalError);
        }
      },
    });
  };
}
