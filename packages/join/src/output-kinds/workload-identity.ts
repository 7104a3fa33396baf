import { createPrivateKey, X509Certificate } from "node:crypto";
import { encodePem, Secret } from "@bot-join/core";
import type { Credential, IssueWorkloadIdentityRequestSchema } from "@bot-join/proto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampDate } from "@bufbuild/protobuf/wkt";
import { JoinError } from "../errors.ts";
import { enumerate } from "../find-resource.ts";
import { type IssueContext, rolesOf } from "../issue-context.ts";
import type { IssuedOutputOf } from "../issued-output.ts";
import type { KeyPair } from "../key-pair.ts";
import type { OutputRequestOf, WorkloadSelector } from "../output-request.ts";
import { tryRead, useless } from "../rpc-answers.ts";
import { isUnimplemented } from "../rpc-refusal.ts";

type WorkloadOutput = OutputRequestOf<"workload-identity-x509" | "workload-identity-jwt">;

/** Issues a `workload-identity-x509` output: an X.509 SVID for the output's key (user-certs.md section 2.10). */
export async function issueWorkloadX509(
  context: IssueContext,
  output: OutputRequestOf<"workload-identity-x509">,
): Promise<IssuedOutputOf<"workload-identity-x509">> {
  const { cluster } = context.bot.identity;
  const { keyPair } = output;
  const publicKey = keyPair.publicKey.export({ type: "spki", format: "der" });
  const credential = await issueOne(context, output, { case: "x509SvidParams", value: { publicKey } });
  if (credential.credential.case !== "x509Svid") throw useless(cluster, "no X.509 SVID");
  const { cert, chain } = credential.credential.value;
  const certificate = tryRead(cluster, () => new X509Certificate(cert));
  if (!certificate.publicKey.equals(keyPair.publicKey)) {
    throw useless(cluster, "an SVID for another key than the one sent");
  }
  return {
    type: "workload-identity-x509",
    roles: rolesOf(context, output),
    notAfter: new Date(certificate.validTo),
    privateKeyPem: pkcs8(keyPair),
    certificateChainPem: [cert, ...chain].map((der) => encodePem("CERTIFICATE", der)),
    spiffeId: credential.spiffeId,
  };
}

/** Issues a `workload-identity-jwt` output: a JWT SVID for the audiences. */
export async function issueWorkloadJwt(
  context: IssueContext,
  output: OutputRequestOf<"workload-identity-jwt">,
): Promise<IssuedOutputOf<"workload-identity-jwt">> {
  const { cluster } = context.bot.identity;
  const { audiences } = output;
  const credential = await issueOne(context, output, { case: "jwtSvidParams", value: { audiences } });
  const { expiresAt, spiffeId } = credential;
  const jwt = credential.credential.case === "jwtSvid" ? credential.credential.value.jwt : "";
  if (jwt === "" || expiresAt === undefined) throw useless(cluster, "no JWT SVID, or one without an end");
  return {
    type: "workload-identity-jwt",
    roles: rolesOf(context, output),
    notAfter: timestampDate(expiresAt),
    jwt: new Secret(jwt),
    spiffeId,
  };
}

type CredentialParams = MessageInitShape<typeof IssueWorkloadIdentityRequestSchema>["credential"];

/** Asks for the one workload identity that the selector means. */
async function issueOne(
  context: IssueContext,
  output: WorkloadOutput,
  credential: NonNullable<CredentialParams>,
): Promise<Credential> {
  const { bot, clock, signal, attempt, impersonations } = context;
  const { cluster } = bot.identity;
  const { workloads } = await impersonations.with(rolesOf(context, output)).session();
  const { selector } = output;
  const requestedTtl = durationFromMs(Math.max(0, output.expires.getTime() - clock.now().getTime()));
  const what = `asking for the workload identity ${describeSelector(selector)}`;
  try {
    if ("name" in selector) {
      const request = { name: selector.name, credential, requestedTtl };
      const answer = await attempt(what, workloads.issueWorkloadIdentity(request, { signal }));
      if (answer.credential === undefined) throw useless(cluster, "an answer without a credential");
      return answer.credential;
    }
    const labelSelectors = Object.entries(selector.labels).map(([key, values]) => ({ key, values }));
    const request = { labelSelectors, credential, requestedTtl };
    const { credentials } = await attempt(what, workloads.issueWorkloadIdentities(request, { signal }));
    return onlyOne(context, output, credentials);
  } catch (error) {
    throw isUnimplemented(error) ? await unsupported(context) : error;
  }
}

function describeSelector(selector: WorkloadSelector): string {
  return "name" in selector
    ? JSON.stringify(selector.name)
    : `with the labels ${JSON.stringify(selector.labels)}`;
}

function onlyOne(context: IssueContext, output: WorkloadOutput, credentials: Credential[]): Credential {
  const { cluster, botName } = context.bot.identity;
  const [only, ...others] = credentials;
  const wanted = describeSelector(output.selector);
  if (only === undefined) {
    throw new JoinError({
      code: "ERR_JOIN_RESOURCE_NOT_FOUND",
      kind: "user",
      message: `The roles ${rolesOf(context, output).join(", ")} let the bot ${botName} have no workload identity ${wanted} of ${cluster}.`,
      hint: "`tctl workload-identity ls` lists all; a role gives a bot those that its workload_identity_labels name.",
    });
  }
  if (others.length === 0) return only;
  const names = credentials.map(({ workloadIdentityName }) => workloadIdentityName).sort();
  throw new JoinError({
    code: "ERR_JOIN_RESOURCE_AMBIGUOUS",
    kind: "user",
    message: `Several workload identities of ${cluster} are meant by the output that wants the one ${wanted}: ${enumerate(names)}.`,
    hint: "An output holds one: name it, or choose labels that only one has.",
    details: { names },
  });
}

async function unsupported({ bot, serverVersion }: IssueContext): Promise<JoinError> {
  return new JoinError({
    code: "ERR_JOIN_UNSUPPORTED",
    kind: "cluster",
    message: `The cluster ${bot.identity.cluster} (Teleport ${await serverVersion.asked}) issues no workload identities.`,
    hint: "Workload identities came with Teleport 17: leave the output out, or have the cluster upgraded.",
  });
}

/** SPIFFE wants PKCS#8 whatever the kind of key (outputs.md section 7.2). */
function pkcs8({ privateKeyPem }: KeyPair): Secret {
  const key = createPrivateKey(privateKeyPem.reveal());
  return new Secret(key.export({ type: "pkcs8", format: "pem" }).toString());
}
