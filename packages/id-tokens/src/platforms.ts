import { github } from "./github.ts";
import type { Platform, PlatformEnvironment } from "./types.ts";

/**
 * The CI platforms whose ID token can be fetched, in order of detection (id-tokens.md section 12): the first that
 * recognises its own variable wins.
 */
export const platforms: readonly Platform[] = [github];

/**
 * Tells on which CI platform the job runs, by variables that only this platform sets; undefined when none is known.
 * The platform's name is also that of its join method.
 */
export function detectPlatform(
  environment: PlatformEnvironment,
): { platform: string; why: string } | undefined {
  for (const { name, detect } of platforms) {
    const why = detect(environment);
    if (why !== undefined) return { platform: name, why };
  }
  return undefined;
}
