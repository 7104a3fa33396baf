import { azureDevops } from "./azure-devops.ts";
import { bitbucket } from "./bitbucket.ts";
import { circleci } from "./circleci.ts";
import { env0 } from "./env0.ts";
import { gcp } from "./gcp.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import { kubernetes } from "./kubernetes.ts";
import { describeSigns, signsIn } from "./signs.ts";
import { spacelift } from "./spacelift.ts";
import { terraformCloud } from "./terraform-cloud.ts";
import type { DetectedPlatform, Platform, PlatformEnvironment } from "./types.ts";

/** The platforms whose ID token can be fetched, in order of detection (id-tokens.md section 12). */
export const platforms: readonly Platform[] = [
  github,
  gitlab,
  circleci,
  bitbucket,
  azureDevops,
  spacelift,
  env0,
  terraformCloud,
  kubernetes,
  gcp,
];

/**
 * Tells on which platform the job runs, and why; undefined when none is known. A CI system comes before what hosts it
 * (a GitLab runner in a Kubernetes pod), the variable that only one platform sets before two lesser signs, and then the
 * table's order counts. The platform's name is also that of its join method.
 */
export function detectPlatform(environment: PlatformEnvironment): DetectedPlatform | undefined {
  const seen = platforms
    .map((platform) => ({ platform, found: signsIn(environment, platform) }))
    .map(({ platform, found }) => ({ platform, found, certain: found[0] === platform.signs[0] }))
    .filter(({ found, certain }) => found.length > 1 || (found.length === 1 && certain));
  const [first, ...others] = [
    ...seen.filter(({ platform, certain }) => !platform.hostsOthers && certain),
    ...seen.filter(({ platform, certain }) => !platform.hostsOthers && !certain),
    ...seen.filter(({ platform }) => platform.hostsOthers),
  ];
  if (first === undefined) return undefined;
  const passedOver = others.map(({ platform: { title, hostsOthers }, found }) => {
    const rank = hostsOthers ? "only hosts the job" : "comes later";
    return `; ${title} ${rank} (${describeSigns(found.slice(0, 1))})`;
  });
  const { name, title } = first.platform;
  return { platform: name, title, why: describeSigns(first.found) + passedOver.join("") };
}
