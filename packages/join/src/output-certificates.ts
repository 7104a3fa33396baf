import type { Clock } from "@bot-join/core";
import type { AuthSession, SessionIdentity } from "./auth-session.ts";
import type { BotIdentity } from "./bot-identity.ts";
import { JoinError } from "./errors.ts";
import { type AuthDialer, Impersonation, Impersonations } from "./impersonation.ts";
import type { Attempt, IssueContext } from "./issue-context.ts";
import type { IssuedOutput } from "./issued-output.ts";
import { issueOutput } from "./output-kinds/index.ts";
import type { OutputRequest } from "./output-request.ts";
import { type Authority, readAuthority } from "./rpc-answers.ts";
import { rpcError } from "./rpc-refusal.ts";
import { requestCertificates } from "./user-certificates.ts";

/** What the cluster said of itself and issued. */
export interface IssuedOutputs {
  serverVersion: string;
  /** `host:port` of the proxy as the cluster knows it; may be empty. */
  proxyPublicAddress: string;
  authorities: {
    host: Authority[];
    user: Authority[];
    db: Authority[];
    /** Asked for only where an output needs it. */
    spiffe: Authority[];
  };
  /** In the order of the requests. */
  outputs: IssuedOutput[];
}

/** For whom certificates are asked, and which. */
export interface IssueOptions {
  bot: BotIdentity;
  outputs: OutputRequest[];
  /** Opens the sessions of identities that the bot only looks around with. */
  dialer: AuthDialer;
  clock: Clock;
  signal: AbortSignal;
  /** Called once, when the requests for certificates are on their way. */
  meanwhile?: () => void;
}

/**
 * Asks for the certificates of all outputs, all at once: one flight when every output names its roles, two when the
 * bot's own role has to be asked first (measured-14.2.0.md section 3). The server's version and the CAs ride along.
 *
 * Outputs whose names have to be looked up take three flights more, ssh_host outputs and workload identities two, however
 * many there are: the bot's roles get a certificate in the first flight, a session is opened with it, and only that may
 * look. `kubernetes` outputs take two, for their certificate is asked for before the name is confirmed.
 *
 * Throws the `ERR_JOIN_*` codes of what was refused or not found, naming the output where there are several, or a
 * TransportError.
 */
export async function issueOutputs(session: AuthSession, options: IssueOptions): Promise<IssuedOutputs> {
  const { bot, outputs, signal, clock } = options;
  const { cluster } = bot.identity;
  const attempt: Attempt = async (what, call) => {
    try {
      return await call;
    } catch (error) {
      throw rpcError(error, what, bot, signal);
    }
  };
  const authorities = async (type: string): Promise<Authority[]> => {
    const call = session.trust.getCertAuthorities({ type }, { signal });
    const { certAuthoritiesV2 } = await attempt(`asking for the ${type} CAs`, call);
    return certAuthoritiesV2.map((authority) => readAuthority(authority, cluster));
  };
  const pinging = attempt("asking for its version", session.auth.ping({}, { signal }));
  const serverVersion: IssueContext["serverVersion"] = {
    known: undefined,
    asked: pinging.then((ping) => {
      serverVersion.known = ping.serverVersion;
      return ping.serverVersion;
    }),
  };
  const issue = (defaultRoles: string[]): Promise<IssuedOutput[]> => {
    const context: IssueContext = {
      bot,
      session,
      defaultRoles,
      signal,
      clock,
      attempt,
      serverVersion,
      impersonations: new Impersonations((roles) => impersonate(context, options, roles)),
    };
    const issuing = issueAll(context, outputs);
    options.meanwhile?.();
    return issuing;
  };

  const needRoles = outputs.some(({ roles }) => roles.length === 0);
  const needSpiffe = outputs.some(({ type }) => type === "workload-identity-x509");
  const [ping, host, user, db, spiffe, defaultRoles, early] = await Promise.all([
    pinging,
    authorities("host"),
    authorities("user"),
    authorities("db"),
    needSpiffe ? authorities("spiffe") : [],
    needRoles ? ownRoles(session, options, attempt) : [],
    needRoles ? undefined : issue([]),
    serverVersion.asked,
  ]);
  return {
    serverVersion: ping.serverVersion,
    proxyPublicAddress: ping.proxyPublicAddr,
    authorities: { host, user, db, spiffe },
    outputs: early ?? (await issue(defaultRoles)),
  };
}

/** Waits for all, so that of several failures the first output's is told whatever the order of the answers. */
async function issueAll(context: IssueContext, outputs: OutputRequest[]): Promise<IssuedOutput[]> {
  const settled = await Promise.allSettled(outputs.map((output) => issueOutput(context, output)));
  return settled.map((result, index) => {
    if (result.status === "fulfilled") return result.value;
    const { reason } = result;
    throw outputs.length > 1 && reason instanceof JoinError
      ? ofOutput(reason, outputs[index]?.label ?? "")
      : reason;
  });
}

/** The same error, saying whose it is. */
function ofOutput(error: JoinError, label: string): JoinError {
  const { code, kind, message, hint, retryable, details } = error;
  return new JoinError({
    code,
    kind,
    message: `For ${label}: ${message}`,
    ...(hint === undefined ? {} : { hint }),
    retryable,
    details,
    cause: error,
  });
}

/**
 * Asks for an identity that is only looked around with; it lives as long as what is made with it. It borrows the key of an
 * output: a key of its own would have to be made first, and its request would miss the first flight.
 */
function impersonate(
  context: IssueContext,
  { bot, outputs, dialer }: IssueOptions,
  roles: string[],
): Impersonation {
  const expires = new Date(Math.max(...outputs.map((output) => output.expires.getTime())));
  const keyPair = outputs[0]?.keyPair;
  if (keyPair === undefined) throw new TypeError("an impersonation without an output");
  const identity = async (): Promise<SessionIdentity> => {
    const { tlsCertificate } = await requestCertificates(context, { roles, expires, keyPair }, {});
    return { identity: bot.identity, hostCa: bot.hostCa, keyPair, tlsCertificate };
  };
  return new Impersonation(dialer, identity());
}

/** The roles that the bot's own role lets it impersonate (user-certs.md sections 2.3 and 4). */
async function ownRoles(
  session: AuthSession,
  { bot, signal }: IssueOptions,
  attempt: Attempt,
): Promise<string[]> {
  const { username: name, botName } = bot.identity;
  const role = await attempt(`reading its role ${name}`, session.auth.getRole({ name }, { signal }));
  const roles = role.spec?.allow?.impersonate?.roles ?? [];
  const patterns = roles.filter((entry) => entry.includes("*") || /^\^.*\$$/.test(entry));
  if (roles.length > 0 && patterns.length === 0) return roles;
  throw new JoinError({
    code: "ERR_JOIN_ROLES",
    kind: "user",
    message:
      roles.length === 0
        ? `The bot ${botName} may not impersonate any role, so there is nothing to ask a certificate for.`
        : `The bot ${botName} may impersonate roles by pattern (${patterns.join(", ")}), which cannot be listed.`,
    hint:
      roles.length === 0
        ? "Give it roles: `tctl bots update --add-roles`."
        : "Name the roles that this job needs with the input roles.",
  });
}
