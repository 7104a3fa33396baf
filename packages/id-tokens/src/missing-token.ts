import { IdTokenError } from "./errors.ts";
import { signsIn } from "./signs.ts";
import type { DetectedPlatform, IdTokenRequest, Platform } from "./types.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

/** Why a platform gave no token, in its own words. */
export interface MissingToken {
  /** What should hold the token: `the variable TBOT_GITLAB_JWT`. */
  missing: string;
  /** What that means, as a clause. */
  meaning: string;
  /** Lines of configuration to add, and where. */
  hint: readonly string[];
}

/**
 * Explains a token that is not there: `ERR_IDTOKEN_NOT_CONFIGURED` when the job runs on the platform, and
 * `ERR_IDTOKEN_NOT_ON_PLATFORM` when nothing looks like it.
 */
export function explainMissingToken(
  platform: Pick<Platform, "name" | "title" | "signs">,
  request: IdTokenRequest,
  detected: DetectedPlatform | undefined,
  { missing, meaning, hint }: MissingToken,
): IdTokenError {
  const { name, title } = platform;
  if (signsIn(request.platform, platform).length > 0) {
    return new IdTokenError({
      code: "ERR_IDTOKEN_NOT_CONFIGURED",
      kind: "user",
      message: `${title} gave this job no ID token: ${missing} is missing or empty, which means that ${meaning}.`,
      hint: hint.join("\n"),
    });
  }
  const looks =
    detected === undefined
      ? `, and nothing looks like ${title} either`
      : `. This job seems to run on ${detected.title}: ${detected.why}`;
  return new IdTokenError({
    code: "ERR_IDTOKEN_NOT_ON_PLATFORM",
    kind: "user",
    message: `The join method ${name} needs the ID token of ${title}: ${missing} is missing or empty${looks}.`,
    hint:
      (detected === undefined ? "" : `Set join-method to ${detected.platform}, or leave it out. `) +
      "Where the environment is filtered (sudo, docker run, env -i), pass the variables on. Or give a token with id-token-file or id-token-command.",
  });
}

/** Writes a name as a YAML key that is one line and nothing else; `fallback` stands in for an empty one. */
export function yamlKey(name: string | undefined, fallback: string): string {
  const text = quoteUntrusted(name ?? "") || fallback;
  return /^[\w<>./-]+( [\w<>./-]+)*$/.test(text) ? text : JSON.stringify(text);
}
