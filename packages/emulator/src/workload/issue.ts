import { createHash, createPublicKey, type KeyObject, randomUUID, X509Certificate } from "node:crypto";
import {
  type Credential,
  CredentialSchema,
  type IssueWorkloadIdentitiesRequest,
  type IssueWorkloadIdentitiesResponse,
  IssueWorkloadIdentitiesResponseSchema,
  type IssueWorkloadIdentityRequest,
  type IssueWorkloadIdentityResponse,
  IssueWorkloadIdentityResponseSchema,
} from "@bot-join/proto";
import type { WorkloadIdentityResource } from "@bot-join/resources";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, durationMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { SignJWT } from "jose";
import { requireUser } from "../auth/authorize.ts";
import type { Caller } from "../caller.ts";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { buildCertificate } from "../x509/build.ts";
import { fillTemplate, type WorkloadAttributes, workloadAttributes } from "./attributes.ts";
import { identitiesByLabels, identityByName } from "./choose.ts";

const defaultTtlMs = 3_600_000;
const maxTtlMs = 24 * 3_600_000;
const skewMs = 60_000;

/** What both requests say of the credential. */
type Wanted = Pick<IssueWorkloadIdentityRequest, "credential" | "requestedTtl">;

/** Issues a credential of one workload identity (user-certs.md section 2.10). */
export async function issueWorkloadIdentity(
  context: ClusterContext,
  anybody: Caller,
  request: IssueWorkloadIdentityRequest,
): Promise<IssueWorkloadIdentityResponse> {
  const caller = requireUser(anybody);
  const attributes = workloadAttributes(context, caller);
  const identity = identityByName(context, caller, attributes, request.name);
  const credential = await issue(context, identity, attributes, request);
  return create(IssueWorkloadIdentityResponseSchema, { credential });
}

/** Issues a credential of each workload identity with some labels. */
export async function issueWorkloadIdentities(
  context: ClusterContext,
  anybody: Caller,
  request: IssueWorkloadIdentitiesRequest,
): Promise<IssueWorkloadIdentitiesResponse> {
  const caller = requireUser(anybody);
  const attributes = workloadAttributes(context, caller);
  const chosen = identitiesByLabels(context, caller, attributes, request.labelSelectors);
  const credentials = await Promise.all(chosen.map((each) => issue(context, each, attributes, request)));
  return create(IssueWorkloadIdentitiesResponseSchema, { credentials });
}

/** What every kind of credential is about. */
interface Subject {
  spiffeId: string;
  dnsNames: string[];
  now: Date;
  expires: Date;
}

async function issue(
  context: ClusterContext,
  identity: WorkloadIdentityResource,
  attributes: WorkloadAttributes,
  { credential, requestedTtl }: Wanted,
): Promise<Credential> {
  const { id, hint, dnsSans, x509MaxTtlMs, jwtMaxTtlMs } = identity.spiffe;
  const wantedMs = requestedTtl === undefined ? 0 : durationMs(requestedTtl);
  const limitMs = (credential.case === "jwtSvidParams" ? jwtMaxTtlMs : x509MaxTtlMs) ?? maxTtlMs;
  const ttlMs = Math.min(wantedMs > 0 ? wantedMs : defaultTtlMs, limitMs);
  const now = context.clock.now();
  const subject: Subject = {
    spiffeId: `spiffe://${context.name}${fillTemplate(id, attributes)}`,
    dnsNames: dnsSans.map((name) => fillTemplate(name, attributes)),
    now,
    expires: new Date(now.getTime() + ttlMs),
  };
  return create(CredentialSchema, {
    ttl: durationFromMs(ttlMs),
    expiresAt: timestampFromDate(subject.expires),
    hint,
    workloadIdentityName: identity.name,
    spiffeId: subject.spiffeId,
    credential: await svid(context, subject, credential),
  });
}

type Svid = NonNullable<MessageInitShape<typeof CredentialSchema>["credential"]>;

async function svid(context: ClusterContext, subject: Subject, wanted: Wanted["credential"]): Promise<Svid> {
  if (wanted.case === "x509SvidParams") {
    return { case: "x509Svid", value: x509Svid(context, subject, wanted.value.publicKey) };
  }
  if (wanted.case === "jwtSvidParams") {
    return { case: "jwtSvid", value: await jwtSvid(context, subject, wanted.value.audiences) };
  }
  throw new Refusal("bad-parameter", "credential: at least one credential type must be requested");
}

/** Issues an X.509 SVID: everything it says is in its alternative names (SPIFFE's X509-SVID, section 2). */
function x509Svid(
  { authorities }: ClusterContext,
  { spiffeId, dnsNames, now, expires }: Subject,
  publicKey: Uint8Array,
): { cert: Uint8Array; serialNumber: string; chain: Uint8Array[] } {
  const pem = buildCertificate({
    subject: [],
    publicKey: readKey(publicKey),
    issuer: authorities.spiffe,
    notBefore: new Date(now.getTime() - skewMs),
    notAfter: expires,
    altNames: { dnsNames, ipAddresses: [], uris: [spiffeId] },
  });
  const certificate = new X509Certificate(pem);
  const serialNumber = certificate.serialNumber.toLowerCase().replace(/..(?=.)/g, "$&:");
  return { cert: certificate.raw, serialNumber, chain: [] };
}

function readKey(der: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" });
  } catch {
    throw new Refusal("bad-parameter", "parsing public key: not a PKIX public key");
  }
}

/** Issues a JWT SVID (SPIFFE's JWT-SVID, sections 2 and 3). */
async function jwtSvid(
  { authorities, publicAddress }: ClusterContext,
  { spiffeId, now, expires }: Subject,
  audiences: readonly string[],
): Promise<{ jwt: string; jti: string }> {
  if (audiences.length === 0) throw new Refusal("bad-parameter", "audiences: at least one is required");
  const key = authorities.spiffe.jwtPrivateKey;
  const publicDer = createPublicKey(key).export({ type: "spki", format: "der" });
  const jti = randomUUID();
  const jwt = await new SignJWT({})
    .setProtectedHeader({
      alg: key.asymmetricKeyType === "rsa" ? "RS256" : "ES256",
      kid: createHash("sha256").update(publicDer).digest("base64url"),
      typ: "JWT",
    })
    .setSubject(spiffeId)
    .setAudience([...audiences])
    .setIssuer(`https://${publicAddress.replace(/:443$/, "")}/workload-identity`)
    .setIssuedAt(now)
    .setExpirationTime(expires)
    .setJti(jti)
    .sign(key);
  return { jwt, jti };
}
