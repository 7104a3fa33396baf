import { type UserCertsRequest, UserCertsRequestSchema } from "@bot-join/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type IssueContext, rolesOf } from "./issue-context.ts";
import type { KeyPair } from "./key-pair.ts";
import { type OutputCertificates, readCertificates } from "./rpc-answers.ts";
import { subjectKeys } from "./subject-keys.ts";

/** What the certificates shall route to, as fields of the request; empty for those that route nowhere. */
export type Route = Pick<
  MessageInitShape<typeof UserCertsRequestSchema>,
  "routeToCluster" | "reissuableRoleImpersonation" | "kubernetesCluster" | "routeToDatabase" | "routeToApp"
>;

/** Whose key the certificates are for, and what they are good for. */
interface Wanted {
  roles: string[];
  expires: Date;
  keyPair: KeyPair;
}

/**
 * Asks for one pair of certificates with roles of the bot's (user-certs.md section 2.4). Throws what a refused call does, and
 * `ERR_JOIN_ANSWER_INVALID`.
 */
export async function requestCertificates(
  context: IssueContext,
  wanted: Wanted,
  route: Route,
): Promise<OutputCertificates> {
  const { bot, session, signal, attempt } = context;
  const roles = rolesOf(context, wanted);
  const request: UserCertsRequest = create(UserCertsRequestSchema, {
    username: bot.identity.username,
    expires: timestampFromDate(wanted.expires),
    roleRequests: roles,
    useRoleRequests: true,
    ...route,
    ...subjectKeys(wanted.keyPair, context.serverVersion.known),
  });
  const certs = await attempt(
    `asking for a certificate with the roles ${roles.join(", ")}`,
    session.auth.generateUserCerts(request, { signal }),
  );
  return readCertificates(certs, wanted.keyPair, bot.identity.cluster);
}
