import {
  type ListResourcesRequest,
  type ListResourcesResponse,
  ListResourcesResponseSchema,
  type ListUnifiedResourcesRequest,
  type ListUnifiedResourcesResponse,
  ListUnifiedResourcesResponseSchema,
  type PaginatedResource,
  PaginatedResourceSchema,
} from "@bot-join/proto";
import type { LabelCondition } from "@bot-join/resources";
import { create } from "@bufbuild/protobuf";
import type { Caller } from "../caller.ts";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { requireUser } from "./authorize.ts";
import { mayAccess } from "./may-access.ts";
import { compilePredicate, PredicateError } from "./predicate.ts";
import {
  appServerMessage,
  databaseServerMessage,
  kubeClusterMessage,
  kubeServerMessage,
  nodeMessage,
} from "./target-messages.ts";

/** One thing that may be listed, before it is put into a message. */
interface Listed {
  /** What pages continue at; also the order. */
  key: string;
  name: string;
  labels: Readonly<Record<string, string>>;
  message(): PaginatedResource["resource"];
}

/** One type of the listing RPCs. */
interface ListedType {
  /** Which labels of roles open it. */
  condition: LabelCondition;
  all(context: ClusterContext): Listed[];
}

function named<Target extends { name: string; labels: Record<string, string> }>(
  targets: ReadonlyMap<string, Target>,
  message: (target: Target) => PaginatedResource["resource"],
): Listed[] {
  return [...targets.values()].map((target) => ({
    key: target.name,
    name: target.name,
    labels: target.labels,
    message: () => message(target),
  }));
}

/** The types that can be listed (user-certs.md section 2.9). */
const listedTypes: Readonly<Record<string, ListedType>> = {
  node: {
    condition: "nodeLabels",
    all: (context) =>
      context
        .nodes()
        .filter(({ cluster }) => cluster === undefined || cluster === context.name)
        .map((node) => ({
          key: node.uuid,
          name: node.hostname,
          labels: node.labels ?? {},
          message: () => ({ case: "node", value: nodeMessage(context, node) }),
        })),
  },
  app_server: {
    condition: "appLabels",
    all: (context) =>
      named(context.state.targets.apps, (app) => ({
        case: "appServer",
        value: appServerMessage(context, app),
      })),
  },
  db_server: {
    condition: "dbLabels",
    all: (context) =>
      named(context.state.targets.databases, (database) => ({
        case: "databaseServer",
        value: databaseServerMessage(context, database),
      })),
  },
  kube_server: {
    condition: "kubernetesLabels",
    all: (context) =>
      named(context.state.targets.kubeClusters, (cluster) => ({
        case: "kubernetesServer",
        value: kubeServerMessage(context, cluster),
      })),
  },
  kube_cluster: {
    condition: "kubernetesLabels",
    all: (context) =>
      named(context.state.targets.kubeClusters, (cluster) => ({
        case: "kubeCluster",
        value: kubeClusterMessage(cluster),
      })),
  },
};

/** Types that a server can list and of which there are none here. */
const emptyTypes: readonly string[] = [
  "db_service",
  "user_group",
  "windows_desktop",
  "windows_desktop_service",
];

/** The kinds of the unified list and the types they are listed as. */
const unifiedKinds: Readonly<Record<string, string>> = {
  node: "node",
  app: "app_server",
  db: "db_server",
  kube_cluster: "kube_server",
};

interface Filter {
  labels: Readonly<Record<string, string>>;
  predicateExpression: string;
  searchKeywords: readonly string[];
}

/** Lists what of one type the caller's roles give access to, filtered and in pages. */
export function listResources(
  context: ClusterContext,
  anybody: Caller,
  request: ListResourcesRequest,
): ListResourcesResponse {
  const caller = requireUser(anybody);
  const { resourceType, limit } = request;
  const type = Object.hasOwn(listedTypes, resourceType) ? listedTypes[resourceType] : undefined;
  if (type === undefined && !emptyTypes.includes(resourceType)) {
    throw new Refusal("not-implemented", `resource type ${resourceType} does not support pagination`);
  }
  const matches = filterOf(request);
  if (limit <= 0) throw new Refusal("bad-parameter", "nonpositive parameter limit");
  const visible = (type?.all(context) ?? [])
    .filter(({ labels }) => type === undefined || mayAccess(context, caller, type.condition, labels))
    .filter(matches)
    .sort(byKey(request.sortBy?.isDesc ?? false));
  const { page, nextKey } = pageOf(visible, request.startKey, limit);
  // Measured on 14.2.0: this type alone is counted without being asked.
  const isCounted = request.needTotalCount || resourceType === "kube_cluster";
  return create(ListResourcesResponseSchema, {
    resources: page.map(toResource),
    nextKey,
    totalCount: isCounted ? visible.length : 0,
  });
}

/** Lists what the caller's roles give access to, whatever its kind. */
export function listUnifiedResources(
  context: ClusterContext,
  anybody: Caller,
  request: ListUnifiedResourcesRequest,
): ListUnifiedResourcesResponse {
  const caller = requireUser(anybody);
  const field = request.sortBy?.field ?? "";
  if (field !== "name" && field !== "kind") {
    const message = `getting sort tree\n\tsorting by ${field} is not supporting in unified resources`;
    throw new Refusal("not-implemented", message);
  }
  const matches = filterOf(request);
  const wanted = request.kinds.length > 0 ? request.kinds : Object.keys(unifiedKinds);
  const visible = wanted
    .flatMap((kind) => {
      const type = listedTypes[unifiedKinds[kind] ?? ""];
      if (type === undefined) return [];
      return type
        .all(context)
        .filter(({ labels }) => mayAccess(context, caller, type.condition, labels))
        .map((listed) => ({
          ...listed,
          key:
            field === "kind"
              ? `${kind}/${listed.name}/${listed.key}`
              : `${listed.name}/${kind}/${listed.key}`,
        }));
    })
    .filter(matches)
    .sort(byKey(request.sortBy?.isDesc ?? false));
  const { page, nextKey } = pageOf(visible, request.startKey, request.limit);
  return create(ListUnifiedResourcesResponseSchema, { resources: page.map(toResource), nextKey });
}

function toResource(listed: Listed): PaginatedResource {
  return create(PaginatedResourceSchema, { resource: listed.message() });
}

function filterOf({ labels, predicateExpression, searchKeywords }: Filter): (listed: Listed) => boolean {
  const predicate = compile(predicateExpression);
  const words = searchKeywords.map((word) => word.toLowerCase());
  return (listed) => {
    const texts = [listed.name, ...Object.entries(listed.labels).flat()].map((text) => text.toLowerCase());
    return (
      Object.entries(labels).every(([key, value]) => listed.labels[key] === value) &&
      words.every((word) => texts.some((text) => text.includes(word))) &&
      predicate(listed)
    );
  };
}

function compile(expression: string): ReturnType<typeof compilePredicate> {
  try {
    return compilePredicate(expression);
  } catch (error) {
    if (!(error instanceof PredicateError)) throw error;
    throw new Refusal("bad-parameter", `failed to parse predicate expression: ${error.message}`);
  }
}

function byKey(isDescending: boolean): (a: Listed, b: Listed) => number {
  return (a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) * (isDescending ? -1 : 1);
}

function pageOf(
  listed: readonly Listed[],
  startKey: string,
  limit: number,
): { page: readonly Listed[]; nextKey: string } {
  const start = startKey === "" ? 0 : listed.findIndex(({ key }) => key === startKey);
  if (start < 0) return { page: [], nextKey: "" };
  const end = limit > 0 ? start + limit : listed.length;
  return { page: listed.slice(start, end), nextKey: listed[end]?.key ?? "" };
}
