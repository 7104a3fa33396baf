import { context } from "@actions/github";

/** What the explanation of a missing permission wants to know of the run. */
export interface GitHubContext {
  eventName: string | undefined;
  actor: string | undefined;
  /** `owner/name` of the repository that the run belongs to, and of the one that a pull request comes from. */
  pullRequest?: { base: string | undefined; head: string | undefined };
}

/**
 * Reads the run's context through `@actions/github`, which reads `process.env` and the event file as soon as
 * it is imported. That is why this module stands alone and is only ever imported lazily, on the way to an error.
 */
export function readGitHubContext(): GitHubContext {
  const pull: unknown = context.payload.pull_request;
  return {
    eventName: context.eventName,
    actor: context.actor,
    ...(pull === undefined
      ? {}
      : { pullRequest: { base: repositoryOf(pull, "base"), head: repositoryOf(pull, "head") } }),
  };
}

/** The event file is foreign JSON: each step down is checked. A deleted fork leaves `repo: null`. */
function repositoryOf(pull: unknown, side: "base" | "head"): string | undefined {
  const name = property(property(property(pull, side), "repo"), "full_name");
  return typeof name === "string" ? name : undefined;
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
