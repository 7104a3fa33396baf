import { nearestSpelling } from "@bot-join/core";
import { ListResourcesRequestSchema, type Metadata, type PaginatedResource } from "@bot-join/proto";
import { create } from "@bufbuild/protobuf";
import { JoinError } from "./errors.ts";
import { type IssueContext, rolesOf } from "./issue-context.ts";

/** One kind of resources as the listing RPC knows it (user-certs.md section 2.9). */
export interface ResourceKind<T> {
  resourceType: string;
  /** `database`, for messages. */
  noun: string;
  /** What a person lists them with. */
  command: string;
  /** The role's labels that decide who sees them. */
  roleLabels: string;
  /** Takes one resource out of the answer; undefined when it is of another kind. */
  read(resource: PaginatedResource): Resource<T> | undefined;
}

/** A resource with what a certificate needs to know of it. */
export interface Resource<T> {
  metadata: Metadata | undefined;
  value: T;
}

/** A resource that was found. */
export interface FoundResource<T> {
  /** Its own name. */
  name: string;
  value: T;
}

/** Who is looking. */
interface Viewer {
  roles: string[];
}

/** How cloud discovery calls what it found before it made the name unique. */
const discoveredNameLabel = "teleport.internal/discovered-name";

/** tbot's page size. */
const pageSize = 1000;

/** More names than this help nobody. */
const shownNames = 20;

/**
 * Lists the resources of a kind that the roles let the bot see, by predicate and labels, each name once: several agents may
 * serve one resource. One round trip, and one more for every further thousand.
 */
export async function listResources<T>(
  context: IssueContext,
  viewer: Viewer,
  kind: ResourceKind<T>,
  filter: { predicateExpression?: string; labels?: Record<string, string> },
): Promise<Map<string, Resource<T>>> {
  const { signal, attempt, impersonations } = context;
  const session = await impersonations.with(rolesOf(context, viewer)).session();
  const found = new Map<string, Resource<T>>();
  let startKey = "";
  do {
    const request = create(ListResourcesRequestSchema, {
      resourceType: kind.resourceType,
      namespace: "default",
      limit: pageSize,
      startKey,
      ...filter,
    });
    const page = await attempt(
      `listing the ${kind.noun}s that the roles ${rolesOf(context, viewer).join(", ")} may see`,
      session.auth.listResources(request, { signal }),
    );
    for (const resource of page.resources.map(kind.read)) {
      if (resource?.metadata !== undefined && !found.has(resource.metadata.name)) {
        found.set(resource.metadata.name, resource);
      }
    }
    startKey = page.nextKey;
  } while (startKey !== "");
  return found;
}

/**
 * Finds the one resource that a name means: the one called so, else the only one that was discovered under that name
 * (user-certs.md section 2.9). Throws `ERR_JOIN_RESOURCE_NOT_FOUND` with the names that exist, and
 * `ERR_JOIN_RESOURCE_AMBIGUOUS`.
 */
export async function findResource<T>(
  context: IssueContext,
  viewer: Viewer,
  kind: ResourceKind<T>,
  wanted: string,
): Promise<FoundResource<T>> {
  const name = JSON.stringify(wanted);
  const candidates = await listResources(context, viewer, kind, {
    predicateExpression: `(name == ${name}) || (labels["${discoveredNameLabel}"] == ${name})`,
  });
  const exact = candidates.get(wanted);
  if (exact !== undefined) return { name: wanted, value: exact.value };
  // What the predicate let through is looked at again: a server may not know it.
  const discovered = [...candidates].filter(
    ([, { metadata }]) => metadata?.labels[discoveredNameLabel] === wanted,
  );
  const [only, ...others] = discovered;
  if (only === undefined) throw await notFound(context, viewer, kind, wanted);
  if (others.length > 0) {
    const names = discovered.map(([each]) => each).sort();
    throw new JoinError({
      code: "ERR_JOIN_RESOURCE_AMBIGUOUS",
      kind: "user",
      message: `Several ${kind.noun}s of ${context.bot.identity.cluster} were discovered as ${name}: ${enumerate(names)}.`,
      hint: "Give the full name of one of them.",
      details: { names },
    });
  }
  return { name: only[0], value: only[1].value };
}

async function notFound<T>(
  context: IssueContext,
  viewer: Viewer,
  kind: ResourceKind<T>,
  wanted: string,
): Promise<JoinError> {
  const names = [...(await listResources(context, viewer, kind, {})).keys()].sort();
  const near = nearestSpelling(wanted, names);
  const { noun, command, roleLabels } = kind;
  const roles = rolesOf(context, viewer).join(", ");
  const question = near === undefined ? "" : `Did you mean ${near}? `;
  return new JoinError({
    code: "ERR_JOIN_RESOURCE_NOT_FOUND",
    kind: "user",
    message:
      `The roles ${roles} let the bot ${context.bot.identity.botName} see no ${noun} ${JSON.stringify(wanted)} in ` +
      `${context.bot.identity.cluster}; ${names.length === 0 ? `they let it see no ${noun} at all` : `there are: ${enumerate(names)}`}.`,
    hint: `${question}\`${command}\` lists all; a role lets a bot see those that its ${roleLabels} name.`,
    details: { names },
  });
}

/** The first names of a list, and how many more there are. What nobody would call a name is quoted, and cut where it is long. */
export function enumerate(names: string[]): string {
  const more = names.length - shownNames;
  const shown = names
    .slice(0, shownNames)
    .map((name) => (/^[\w.@:/+-]{1,100}$/.test(name) ? name : JSON.stringify(name.slice(0, 100))));
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
