import {
  type ListRemoteClustersRequest,
  type ListRemoteClustersResponse,
  ListRemoteClustersResponseSchema,
} from "@bot-join/proto";
import type { RemoteClusterResource } from "@bot-join/resources";
import { create } from "@bufbuild/protobuf";
import type { Caller } from "../caller.ts";
import type { ClusterContext } from "../context.ts";
import { requireUser } from "./authorize.ts";
import { mayAccessLeaf } from "./may-access.ts";
import { remoteClusterMessage } from "./target-messages.ts";

/** Gives the leaf clusters that the caller may see, by name. */
export function visibleLeaves(context: ClusterContext, caller: Caller): RemoteClusterResource[] {
  const user = requireUser(caller);
  return [...context.state.targets.remoteClusters.values()]
    .filter((leaf) => mayAccessLeaf(context, user, leaf))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Lists the leaf clusters that the caller may see, in pages (user-certs.md section 2.8). */
export function listRemoteClusters(
  context: ClusterContext,
  caller: Caller,
  request: ListRemoteClustersRequest,
): ListRemoteClustersResponse {
  const leaves = visibleLeaves(context, caller).filter(({ name }) => name >= request.pageToken);
  const end = request.pageSize > 0 ? request.pageSize : leaves.length;
  return create(ListRemoteClustersResponseSchema, {
    remoteClusters: leaves.slice(0, end).map((leaf) => remoteClusterMessage(context, leaf)),
    nextPageToken: leaves[end]?.name ?? "",
  });
}
