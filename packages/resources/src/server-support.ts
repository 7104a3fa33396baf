import { joinMethodSince } from "./join-methods/known.ts";
import type { TokenResource } from "./model.ts";

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
  const { enterprise_server_host: host = "", enterprise_slug: slug = "" } = token.github ?? {};
  const usesSlug = slug !== "" && server.major >= githubSlugSince;
  if ((host !== "" || usesSlug) && !server.enterprise) {
    return ["github enterprise server joining: this feature requires Teleport Enterprise"];
  }
  return [];
}

/** First major version that knows `spec.github.enterprise_slug`; older ones ignore the key. */
const githubSlugSince = 15;
