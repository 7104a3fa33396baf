import { readFile } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { describeError, Secret } from "@bot-join/core";
import { fetchIdToken, holdsIdToken, type IdToken, type IdTokenRequest } from "@bot-join/id-tokens";
import { openTunnel } from "@bot-join/transport";
import type { Run } from "./context.ts";
import { OneShotError } from "./errors.ts";
import { retryPolicy } from "./retrying.ts";

/** What the job shows to be let in. */
export interface Proof {
  /** Undefined: a bot that goes on with the identity of an earlier run. */
  token: Secret | undefined;
  idToken: IdToken | undefined;
}

/** A proof with which a job can ask to be let in. */
export interface AdmissionProof extends Proof {
  token: Secret;
}

/** A join token given as an absolute path is the file's trimmed content (join.md section 2.1). */
async function readToken({ plan, context }: Run): Promise<Secret | undefined> {
  const path = plan.token?.reveal() ?? "";
  if (!isAbsolute(path)) return plan.token;
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new OneShotError({
      code: "ERR_RUN_FILE_INPUT",
      kind: "user",
      message: `The input token is an absolute path, and that file cannot be read: ${describeError(error)}.`,
      hint: "Give the name of the join token, or the path of a file that holds it.",
      cause: error,
    });
  });
  const token = new Secret(text.trim());
  if (plan.joinMethod.proof === "secret") context.runner.mask(token);
  return token;
}

/** What of the inputs names an ID token. */
function givenTokens({ plan }: Run): NonNullable<IdTokenRequest["given"]> {
  return {
    ...(plan.idToken === undefined ? {} : { idToken: plan.idToken }),
    ...(plan.idTokenFile === undefined ? {} : { idTokenFile: plan.idTokenFile }),
    ...(plan.idTokenCommand === undefined ? {} : { idTokenCommand: plan.idTokenCommand }),
    ...(plan.idTokenVariables === undefined ? {} : { idTokenVariables: plan.idTokenVariables }),
  };
}

/** Whether the job has its proof at hand: what is wrong with it can then be said before the network is used. */
export function holdsProof(run: Run): boolean {
  const { proof, name } = run.plan.joinMethod;
  return proof === "secret" || holdsIdToken({ joinMethod: name, given: givenTokens(run) });
}

/** Gets what the join method needs: the token's name and, for most methods, the platform's ID token. */
export async function fetchProof(run: Run): Promise<Proof> {
  const { plan, context, signal } = run;
  const token = await readToken(run);
  if (plan.joinMethod.proof === "secret") return { token, idToken: undefined };
  const idToken = await fetchIdToken(
    {
      platform: context.runner.environment,
      audience: plan.audience ?? plan.joinMethod.audience ?? "",
      joinMethod: plan.joinMethod.name,
      given: givenTokens(run),
    },
    {
      clock: context.clock,
      logger: context.runner.log,
      random: context.random,
      retryPolicy: retryPolicy(run),
      signal,
      onSecret: (secret) => context.runner.mask(secret),
      openTunnel: (url) => openTunnel(url, context.runner.environment, signal),
    },
  );
  const subject = idToken.claims["sub"];
  run.steps.done(`ID token from ${idToken.source}${typeof subject === "string" ? `: ${subject}` : ""}`);
  return { token, idToken };
}
