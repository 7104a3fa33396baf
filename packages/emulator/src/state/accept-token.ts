import { checkServerSupport, safeTokenName, type TokenResource } from "@bot-join/resources";
import { EmulatorError } from "../errors.ts";
import type { VersionProfile } from "../profiles/version-profile.ts";

/**
 * Gives a token as this version of the server stores it: keys that it does not know are dropped. The emulator is a
 * community build, as the measured cluster was. Throws `ERR_EMULATOR_RESOURCE_REFUSED` for what the server refuses.
 */
export function acceptToken(token: TokenResource, profile: VersionProfile): TokenResource {
  const [problem] = checkServerSupport(token, { major: profile.major, enterprise: false });
  if (problem !== undefined) {
    throw new EmulatorError({
      code: "ERR_EMULATOR_RESOURCE_REFUSED",
      kind: "user",
      message: `Storing the token ${JSON.stringify(safeTokenName(token))} in the emulated cluster of version ${profile.serverVersion}: ${problem}.`,
      hint: "Change the token, or emulate a version of Teleport that takes it.",
    });
  }
  if (token.github === undefined) return token;
  const { enterprise_slug: slug, static_jwks: jwks } = token.github;
  const { githubKeys } = profile;
  return {
    ...token,
    github: {
      ...token.github,
      enterprise_slug: githubKeys.includes("enterprise_slug") ? slug : "",
      static_jwks: githubKeys.includes("static_jwks") ? jwks : "",
    },
  };
}
