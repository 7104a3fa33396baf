import { type OpenSshCertificate, parseAuthorizedKey, parseOpenSshCertificate } from "@bot-join/formats";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Impersonation } from "../impersonation.ts";
import { type IssueContext, rolesOf } from "../issue-context.ts";
import type { IssuedOutputOf } from "../issued-output.ts";
import type { OutputRequestOf } from "../output-request.ts";
import { tryRead, useless } from "../rpc-answers.ts";
import { httpRefusal, isUnimplemented } from "../rpc-refusal.ts";
import { majorVersion } from "../server-major.ts";

/** The first release line with a gRPC call for host certificates (user-certs.md section 2.7). */
const grpcSince = 15;

/** What a node is certified as (outputs.md section 7.1). */
const role = "Node";

/** Issues an `ssh_host` output: a host certificate with exactly the wanted principals. Throws `ERR_JOIN_ANSWER_INVALID`. */
export async function issueSshHost(
  context: IssueContext,
  output: OutputRequestOf<"ssh_host">,
): Promise<IssuedOutputOf<"ssh_host">> {
  const { cluster } = context.bot.identity;
  const roles = rolesOf(context, output);
  // Asked for before the version is known: it is needed in either way.
  const impersonation = context.impersonations.with(roles);
  const isOld = majorVersion(await context.serverVersion.asked) < grpcSince;
  const [first, second] = isOld ? [askHttp, askGrpc] : [askGrpc, askHttp];
  const line =
    (await first(context, output, impersonation)) ?? (await second(context, output, impersonation));
  if (line === undefined) throw useless(cluster, "no answer to a request for a host certificate");
  const { keyPair } = output;
  const certificate = readHostCertificate(cluster, line);
  if (Buffer.compare(certificate.publicKey, parseAuthorizedKey(keyPair.publicKeyLine).blob) !== 0) {
    throw useless(cluster, "a host certificate for another key than the one sent");
  }
  return {
    type: "ssh_host",
    roles,
    notAfter: new Date(Number(certificate.validBefore) * 1000),
    privateKeyPem: keyPair.privateKeyPem,
    sshCertificate: line,
  };
}

/** Gives the certificate, or undefined where the server has no such call. */
type Ask = (
  context: IssueContext,
  output: OutputRequestOf<"ssh_host">,
  impersonation: Impersonation,
) => Promise<string | undefined>;

const askGrpc: Ask = async (
  { bot, clock, signal, attempt },
  { keyPair, principals, expires },
  impersonation,
) => {
  const { trust } = await impersonation.session();
  const request = {
    key: Buffer.from(`${keyPair.publicKeyLine}\n`),
    principals,
    clusterName: bot.identity.cluster,
    role,
    ttl: durationFromMs(Math.max(0, expires.getTime() - clock.now().getTime())),
  };
  try {
    const call = trust.generateHostCert(request, { signal });
    const { sshCertificate } = await attempt(asking(principals), call);
    return Buffer.from(sshCertificate).toString("utf8");
  } catch (error) {
    if (isUnimplemented(error)) return undefined;
    throw error;
  }
};

function asking(principals: string[]): string {
  return `asking for a host certificate for ${principals.join(", ")}`;
}

/** Nanoseconds in a millisecond. */
const nanoseconds = 1_000_000;

const askHttp: Ask = async ({ bot, clock }, { keyPair, principals, expires }, impersonation) => {
  const answer = await impersonation.postJson("/v2/ca/host/certs", {
    key: Buffer.from(`${keyPair.publicKeyLine}\n`).toString("base64"),
    hostname: "",
    node_name: "",
    principals,
    auth_domain: bot.identity.cluster,
    roles: [role],
    ttl: Math.max(0, expires.getTime() - clock.now().getTime()) * nanoseconds,
  });
  if (answer.status === 404 || answer.status === 501) return undefined;
  if (answer.status !== 200) throw httpRefusal(answer, asking(principals), bot);
  try {
    return String(JSON.parse(answer.body));
  } catch {
    return "";
  }
};

function readHostCertificate(cluster: string, line: string): OpenSshCertificate {
  const certificate = tryRead(cluster, () => parseOpenSshCertificate(line));
  if (certificate.kind !== "host") throw useless(cluster, "a user certificate instead of a host certificate");
  return certificate;
}
