import { readFile } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { describeError, Secret } from "@bot-join/core";
import { fetchIdToken, type IdToken } from "@bot-join/id-tokens";
import {
  type BotIdentity,
  createKeyPair,
  JoinError,
  type KeyPair,
  type KeyType,
  register,
} from "@bot-join/join";
import { openTunnel, TransportError } from "@bot-join/transport";
import type { Connections } from "./connect.ts";
import { OneShotError } from "./errors.ts";
import { retrying, retryPolicy } from "./retrying.ts";
import type { Run } from "./run.ts";

/** What the job shows to be let in. */
export interface Proof {
  token: Secret;
  idToken: IdToken | undefined;
}

/** A join token given as an absolute path is the file's trimmed content (join.md section 2.1). */
async function readToken({ plan, context }: Run): Promise<Secret> {
  const path = plan.token.reveal();
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
      given: {
        ...(plan.idToken === undefined ? {} : { idToken: plan.idToken }),
        ...(plan.idTokenFile === undefined ? {} : { idTokenFile: plan.idTokenFile }),
        ...(plan.idTokenCommand === undefined ? {} : { idTokenCommand: plan.idTokenCommand }),
        ...(plan.idTokenVariables === undefined ? {} : { idTokenVariables: plan.idTokenVariables }),
      },
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

/** Makes a key pair and has it masked before anything else sees it. */
export async function createMaskedKeyPair({ context }: Run, keyType: KeyType): Promise<KeyPair> {
  const keyPair = await createKeyPair(keyType);
  context.runner.mask(keyPair.privateKeyPem);
  return keyPair;
}

/**
 * Joins the cluster. `meanwhile` starts once the request is on its way. A refusal for the job's claims is explained
 * by those claims.
 */
export async function joinAsBot(
  run: Run,
  connections: Connections,
  proof: Proof,
  keyType: KeyType,
  meanwhile: () => unknown,
): Promise<BotIdentity> {
  const { plan, context, signal } = run;
  const keyPair = await createMaskedKeyPair(run, keyType);
  const options = {
    method: plan.joinMethod,
    token: proof.token,
    idToken: proof.idToken?.token,
    keyPair,
    expires: new Date(context.clock.now().getTime() + plan.certificateTtlMs),
    caPins: plan.caPins,
    signal,
    logger: context.runner.log,
  };
  // A secret token is used up by the join that succeeds, even when its answer is lost.
  const isSafe = (error: unknown): boolean =>
    !(plan.joinMethod.proof === "secret" && error instanceof TransportError && error.requestSent);
  try {
    const join = async (): Promise<BotIdentity> => {
      const web = await connections.takeWeb();
      const answer = register(connections.dialer, web, options);
      meanwhile();
      return answer;
    };
    const bot = await retrying(run, "Joining", join, isSafe);
    run.steps.done(`Joined ${bot.identity.cluster} as bot ${bot.identity.botName}`);
    return bot;
  } catch (error) {
    throw await explain(error, plan.joinMethod.name, proof);
  }
}

async function explain(error: unknown, method: string, proof: Proof): Promise<unknown> {
  if (!(error instanceof JoinError) || proof.idToken === undefined) return error;
  if (error.code !== "ERR_JOIN_CLAIMS_NOT_ALLOWED") return error;
  const { claimsHelp } = await import("./claims-help.ts");
  const help = claimsHelp(method, proof.idToken.claims, proof.token.reveal());
  if (help === undefined) return error;
  return new JoinError({
    code: error.code,
    kind: error.kind,
    message: error.message,
    hint: `${error.hint ?? ""}\n${help}`,
    details: error.details,
    cause: error,
  });
}
