import { type Certs, type UserCertsRequest, UserCertsRequestSchema } from "@bot-join/proto";
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { AuthSession } from "./auth-session.ts";
import type { BotIdentity } from "./bot-identity.ts";
import { JoinError } from "./errors.ts";
import type { KeyPair } from "./key-pair.ts";
import { type Authority, type OutputCertificates, readAuthority, readCertificates } from "./rpc-answers.ts";
import { rpcError } from "./rpc-refusal.ts";
import { subjectKeys } from "./subject-keys.ts";

/** One output as far as its certificate goes. */
export interface OutputRequest {
  /** Roles to impersonate; empty means all that the bot may. */
  roles: string[];
  /** Leaf cluster to route to; undefined means the bot's own. */
  cluster: string | undefined;
  allowReissue: boolean;
  keyPair: KeyPair;
}

/** What the cluster said of itself and issued. */
export interface IssuedOutputs {
  serverVersion: string;
  /** `host:port` of the proxy as the cluster knows it; may be empty. */
  proxyPublicAddress: string;
  authorities: { host: Authority[]; user: Authority[]; db: Authority[] };
  /** In the order of the requests. */
  outputs: OutputCertificates[];
}

/** For whom certificates are asked, and which. */
export interface IssueOptions {
  bot: BotIdentity;
  outputs: OutputRequest[];
  expires: Date;
  signal: AbortSignal;
  /** Called once, when the requests for certificates are on their way. */
  meanwhile?: () => void;
}

/** Makes one call and converts its failure; `what` says what it does. */
type Attempt = <T>(what: string, call: Promise<T>) => Promise<T>;

/**
 * Asks for the certificates of all outputs on one session: one flight when every output names its roles,
 * two when the bot's own role has to be asked first (measured-14.2.0.md section 3). The server's version and
 * the CAs ride along. Throws `ERR_JOIN_ROLES`, `ERR_JOIN_KEY_TYPE_REFUSED`, `ERR_JOIN_CERTIFICATES_REFUSED`,
 * `ERR_JOIN_ANSWER_INVALID` or a TransportError.
 */
export async function issueOutputs(session: AuthSession, options: IssueOptions): Promise<IssuedOutputs> {
  const { bot, outputs, signal } = options;
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
  const certificates = (defaultRoles: string[], serverVersion: string | undefined): Promise<Certs[]> => {
    const calls = outputs.map((output) => {
      const roles = output.roles.length > 0 ? output.roles : defaultRoles;
      const request = certificateRequest({ ...output, roles }, serverVersion, options);
      const call = session.auth.generateUserCerts(request, { signal });
      return attempt(`asking for a certificate with the roles ${roles.join(", ")}`, call);
    });
    options.meanwhile?.();
    return Promise.all(calls);
  };

  const needRoles = outputs.some(({ roles }) => roles.length === 0);
  const [ping, host, user, db, defaultRoles, early] = await Promise.all([
    attempt("asking for its version", session.auth.ping({}, { signal })),
    authorities("host"),
    authorities("user"),
    authorities("db"),
    needRoles ? ownRoles(session, options, attempt) : [],
    needRoles ? undefined : certificates([], undefined),
  ]);
  const certs = early ?? (await certificates(defaultRoles, ping.serverVersion));
  return {
    serverVersion: ping.serverVersion,
    proxyPublicAddress: ping.proxyPublicAddr,
    authorities: { host, user, db },
    outputs: outputs.map(({ keyPair }, index) => readCertificates(certs[index] as Certs, keyPair, cluster)),
  };
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

function certificateRequest(
  output: OutputRequest,
  serverVersion: string | undefined,
  options: IssueOptions,
): UserCertsRequest {
  return create(UserCertsRequestSchema, {
    username: options.bot.identity.username,
    expires: timestampFromDate(options.expires),
    roleRequests: output.roles,
    useRoleRequests: true,
    routeToCluster: output.cluster ?? "",
    reissuableRoleImpersonation: output.allowReissue,
    ...subjectKeys(output.keyPair, serverVersion),
  });
}
