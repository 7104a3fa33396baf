import { formatDuration } from "@bot-join/core";
import { checkAudience, checkTimes, clockToleranceMs } from "./check-claims.ts";
import { readClaims } from "./claims.ts";
import { IdTokenError } from "./errors.ts";
import { readGivenToken } from "./given.ts";
import { platforms } from "./platforms.ts";
import type { IdToken, IdTokenDeps, IdTokenRequest, RawIdToken } from "./types.ts";

/**
 * Gets the job's ID token, from the inputs if they name one, else from the platform of the join method, and
 * checks what the cluster would refuse anyway: its shape, its times (tolerance 60 s) and its audience.
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
  checkAudience(claims, raw.source, request.audience);
  warnOfSkew(local, raw, deps);
  return { ...raw, claims };
}

async function askPlatform(request: IdTokenRequest, deps: IdTokenDeps): Promise<RawIdToken> {
  const platform = platforms.find(({ name }) => name === request.joinMethod);
  if (platform !== undefined) return platform.fetchToken(request, deps);
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
