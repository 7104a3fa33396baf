import {
  type CertAuthorityV2,
  type GetCertAuthoritiesRequest,
  type GetCertAuthoritiesResponse,
  GetCertAuthoritiesResponseSchema,
  type GetCertAuthorityRequest,
} from "@bot-join/proto";
import { create } from "@bufbuild/protobuf";
import type { Caller } from "../caller.ts";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { checkAccess, requireUser } from "./authorize.ts";
import { authorityMessage } from "./messages.ts";

/** Gives the authority of one type, which every user may read, though never with its private keys. */
export function getCertAuthority(
  context: ClusterContext,
  caller: Caller,
  request: GetCertAuthorityRequest,
): CertAuthorityV2 {
  const { type, domain, includeKey } = request;
  const found = readAuthorities(context, caller, type, includeKey);
  const message = found.find(({ metadata }) => metadata?.name === domain);
  if (message !== undefined) return message;
  // The wording of this refusal was not measured.
  throw new Refusal("not-found", `${type} certificate authority of "${domain}" is not found`);
}

/** Types of which the authorities of leaf clusters are known too (user-certs.md section 2.7). */
const leafTypes: readonly string[] = ["host", "user"];

/** Gives the authorities of one type: this cluster's first, then those of its leaf clusters. */
export function getCertAuthorities(
  context: ClusterContext,
  caller: Caller,
  request: GetCertAuthoritiesRequest,
): GetCertAuthoritiesResponse {
  return create(GetCertAuthoritiesResponseSchema, {
    certAuthoritiesV2: readAuthorities(context, caller, request.type, request.includeKey),
  });
}

function readAuthorities(
  context: ClusterContext,
  caller: Caller,
  type: string,
  includeKey: boolean,
): CertAuthorityV2[] {
  // Reading them without keys is what the implicit role of every user grants (user-certs.md section 2).
  requireUser(caller);
  if (includeKey) checkAccess(context.state, caller, "read", "cert_authority");
  const authority = context.authorities.find(type);
  if (authority === undefined) {
    throw new Refusal("bad-parameter", `${JSON.stringify(type)} authority type is not supported`);
  }
  const leaves = leafTypes.includes(type) ? [...context.state.targets.remoteClusters.keys()].sort() : [];
  return [
    authorityMessage(context.name, authority),
    ...leaves.flatMap((leaf) => {
      const own = context.leafAuthorities(leaf).find(type);
      return own === undefined ? [] : [authorityMessage(leaf, own)];
    }),
  ];
}
