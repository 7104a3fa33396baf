import type { GitHubContext } from "./github-context.ts";
import type { PlatformEnvironment } from "./types.ts";

/**
 * Loads the run's context when an error has to be explained, and not before. It is a help, not a need: when the
 * event file cannot be read, what the environment says has to do.
 */
export async function loadGitHubContext(environment: PlatformEnvironment): Promise<GitHubContext> {
  try {
    const { readGitHubContext } = await import("./github-context.ts");
    return readGitHubContext();
  } catch {
    return { eventName: environment["GITHUB_EVENT_NAME"], actor: environment["GITHUB_ACTOR"] };
  }
}
