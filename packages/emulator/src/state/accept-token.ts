import { checkServerSupport, findJoinMethod, safeTokenName, type TokenResource } from "@bot-join/resources";
import { EmulatorError } from "../errors.ts";
import { type VersionProfile, versionOf } from "../profiles/version-profile.ts";

/**
 * Gives a token as this version and build of the server stores it: keys that it does not know are dropped. Throws
 * `ERR_EMULATOR_RESOURCE_REFUSED` for what the server refuses.
 */
export function acceptToken(
  token: TokenResource,
  profile: VersionProfile,
  enterprise: boolean,
): TokenResource {
  const accepted = dropKeys(token, profile.laterBlockKeys[token.joinMethod] ?? []);
  const [problem] = [
    ...checkServerSupport(accepted, { major: profile.major, enterprise }),
    ...checkMethod(accepted, profile),
  ];
  if (problem === undefined) return accepted;
  throw new EmulatorError({
    code: "ERR_EMULATOR_RESOURCE_REFUSED",
    kind: "user",
    message: `Storing the token ${JSON.stringify(safeTokenName(token))} in the emulated cluster of version ${profile.serverVersion}: ${problem}.`,
    hint: "Change the token, or emulate a version of Teleport that takes it.",
  });
}

/** Checks the method's own block by the rules of this version. */
function checkMethod(token: TokenResource, profile: VersionProfile): string[] {
  const spec = {
    ...token,
    bot_name: token.botName ?? "",
    join_method: token.joinMethod,
    allow: token.allow ?? [],
    aws_iid_ttl: "",
    suggested_labels: {},
    suggested_agent_matcher_labels: {},
  };
  const problems = findJoinMethod(token.joinMethod)?.check(spec, versionOf(profile)) ?? [];
  return problems.map(({ message }) => message);
}

/** Empties texts of the method's block and leaves out the rest. */
function dropKeys(token: TokenResource, keys: readonly string[]): TokenResource {
  const { joinMethod } = token;
  const block: unknown = Object.entries(token).find(([key]) => key === joinMethod)?.[1];
  if (typeof block !== "object" || block === null || keys.length === 0) return token;
  const kept = Object.entries(block).flatMap(([key, value]) => {
    if (!keys.includes(key)) return [[key, value]];
    return typeof value === "string" ? [[key, ""]] : [];
  });
  return { ...token, [joinMethod]: Object.fromEntries(kept) };
}
