import { formatDuration } from "@bot-join/core";
import { checkTimes, clockToleranceMs, describeNearExpiry } from "./check-claims.ts";
import { checkPlatform } from "./check-platform.ts";
import { readClaims } from "./claims.ts";
import { IdTokenError } from "./errors.ts";
import { readGivenToken } from "./given.ts";
import { detectPlatform, platforms } from "./platforms.ts";
import type { IdToken, IdTokenDeps, IdTokenRequest, RawIdToken } from "./types.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

/**
 * Whether the job holds its ID token already, so that it can be judged before anything goes over the network. A program that
 * makes tokens may take its time, and counts as asking.
 */
export function holdsIdToken({ joinMethod, given }: Pick<IdTokenRequest, "joinMethod" | "given">): boolean {
  if (given?.idTokenCommand !== undefined) return false;
  if (given?.idToken !== undefined || given?.idTokenFile !== undefined) return true;
  return platforms.find(({ name }) => name === joinMethod)?.overNetwork !== true;
}

/**
 * Gets the job's ID token, from the inputs if they name one, else from the platform of the join method, and
 * checks what the cluster would refuse anyway: its shape, its times (tolerance 60 s), its issuer and its audience.
 * The signature is not verified. Throws {@link IdTokenError}; an aborted signal throws its reason.
 */
export async function fetchIdToken(request: IdTokenRequest, deps: IdTokenDeps): Promise<IdToken> {
  deps.signal.throwIfAborted();
  const raw = (await readGivenToken(request, deps)) ?? (await askPlatform(request, deps));
  const claims = readClaims(raw.token, raw.source);
  // The platform's clock is the better judge: it issued the token, and the machine's may be adrift.
  const local = deps.clock.now();
  const now = raw.serverDate ?? local;
  const name =
    raw.serverDate === undefined ? "this machine's clock" : "the clock of the server that issued it";
  checkTimes(claims, raw.source, { now, name });
  checkPlatform(claims, raw.source, request, deps.logger);
  const nearExpiry = describeNearExpiry(claims, raw.source, { now, name });
  if (nearExpiry !== undefined) deps.logger.warn(nearExpiry);
  warnOfSkew(local, raw, deps);
  return { ...raw, claims };
}

async function askPlatform(request: IdTokenRequest, deps: IdTokenDeps): Promise<RawIdToken> {
  const platform = platforms.find(({ name }) => name === request.joinMethod);
  const variables = request.given?.idTokenVariables;
  if (variables !== undefined && !platform?.namesVariable) {
    throw new IdTokenError({
      code: "ERR_IDTOKEN_VARIABLE_MISSING",
      kind: "user",
      message: `There is no ID token in ${variables.map((name) => quoteUntrusted(name)).join(", ")} (id-token-variable): not set, or empty.`,
      hint: "Check the name, and that the platform sets the variable for this step. Inside sudo or docker run, pass it on.",
    });
  }
  if (platform !== undefined) return platform.fetchToken(request, deps, detectPlatform(request.platform));
  throw new IdTokenError({
    code: "ERR_IDTOKEN_METHOD_UNSUPPORTED",
    kind: "user",
    message: `No ID token can be fetched for the join method "${request.joinMethod}"; known are: ${platforms.map(({ name }) => name).join(", ")}.`,
    hint: "Give the platform's token with id-token, id-token-file or id-token-command.",
  });
}

function warnOfSkew(local: Date, { serverDate }: RawIdToken, deps: IdTokenDeps): void {
  if (serverDate === undefined) return;
  const skewMs = local.getTime() - serverDate.getTime();
  if (Math.abs(skewMs) <= clockToleranceMs) return;
  const direction = skewMs > 0 ? "ahead of" : "behind";
  deps.logger.warn(
    `This machine's clock is ${formatDuration(Math.abs(skewMs))} ${direction} the platform's. Certificates may look expired or not yet valid here.`,
  );
}
