import type { Platform, PlatformEnvironment, Sign } from "./types.ts";

/** Lists the signs of a platform that the environment shows, the telling one first. */
export function signsIn(environment: PlatformEnvironment, { signs }: Pick<Platform, "signs">): Sign[] {
  return signs.filter(({ variable, value }) => {
    const found = environment[variable]?.trim() ?? "";
    return value === undefined ? found !== "" : found.toLowerCase() === value;
  });
}

/** Puts signs into words: `GITLAB_CI is true and CI_JOB_ID is set`. */
export function describeSigns(signs: readonly Sign[]): string {
  return signs
    .map(({ variable, value }) => `${variable} is ${value ?? "set"}`)
    .join(", ")
    .replace(/, (?=[^,]*$)/, " and ");
}
