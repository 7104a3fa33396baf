import { joinMethodSince } from "./join-methods/known.ts";
import { findJoinMethod } from "./join-methods/registry.ts";
import type { TokenResource } from "./model.ts";
import type { ServerVersion } from "./server-version.ts";

/** What of a server decides which tokens it takes. */
export interface ServerFeatures {
  /** The major version; each stands for its last release, 14 for 14.2.0 (profiles.md). */
  major: number;
  /** Whether it is an Enterprise build. */
  enterprise: boolean;
}

/**
 * Lists why a server of this version and build refuses a token that is right in itself, in the server's own words
 * where they are known (profiles.md; provision-token.md section 2). An empty list: it takes it.
 */
export function checkServerSupport(token: TokenResource, server: ServerFeatures): string[] {
  if (server.major < (joinMethodSince.get(token.joinMethod) ?? Number.POSITIVE_INFINITY)) {
    return [`unknown join method "${token.joinMethod}"`];
  }
  const last: ServerVersion = [server.major, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const needs = server.enterprise
    ? undefined
    : findJoinMethod(token.joinMethod)?.enterpriseOnly?.(token, last);
  return needs === undefined ? [] : [needs];
}
