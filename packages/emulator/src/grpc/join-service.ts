import { type JoinRequest, type JoinResponse, JoinService } from "@bot-join/proto";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import type { Cluster } from "../cluster.ts";
import type { JoinStreamOptions } from "../join/join-stream.ts";
import { Refusal } from "../refusal.ts";
import { toStatus } from "./refusal-status.ts";
import { connectionKey } from "./server.ts";

/** Registers the service that bots join over since version 18; earlier profiles have none (profiles.md "transport C"). */
export function joinRoutes(
  cluster: Cluster,
  options: Omit<JoinStreamOptions, "remoteAddress">,
  onInternalError: (error: unknown) => void,
): (router: ConnectRouter) => void {
  return (router) => {
    if (cluster.profile.joinServiceMethods === undefined) return;
    router.service(JoinService, {
      async *join(
        requests: AsyncIterable<JoinRequest>,
        context: HandlerContext,
      ): AsyncIterable<JoinResponse> {
        const { address, certificatePem } = context.values.get(connectionKey);
        try {
          if (certificatePem !== undefined) throw rejoining;
          yield* cluster.joinStream(requests, { ...options, remoteAddress: address });
        } catch (error) {
          throw toStatus(error, onInternalError);
        }
      },
    });
  };
}

/** A server goes on with the instance of whoever shows an identity (join.md section 8.4); no server says this. */
const rejoining: Refusal = new Refusal(
  "not-implemented",
  "the emulator does not let anybody join anew with the identity of an earlier join",
);
