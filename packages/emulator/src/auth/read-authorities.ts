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
  const message = readAuthority(context, caller, request.type, request.includeKey);
  if (request.domain !== context.name) {
    // The wording of this refusal was not measured.
    throw new Refusal(
      "not-found",
      `${request.type} certificate authority of "${request.domain}" is not found`,
    );
  }
  return message;
}

/** Gives the authorities of one type of this cluster and its leaf clusters, of which there are none yet. */
export function getCertAuthorities(
  context: ClusterContext,
  caller: Caller,
  request: GetCertAuthoritiesRequest,
): GetCertAuthoritiesResponse {
  return create(GetCertAuthoritiesResponseSchema, {
    certAuthoritiesV2: [readAuthority(context, caller, request.type, request.includeKey)],
  });
}

function readAuthority(
  context: ClusterContext,
  caller: Caller,
  type: string,
  includeKey: boolean,
): CertAuthorityV2 {
  // Reading them without keys is what the implicit role of every user grants (user-certs.md section 2).
  requireUser(caller);
  if (includeKey) checkAccess(context.state, caller, "read", "cert_authority");
  const authority = context.authorities.find(type);
  if (authority === undefined) {
    throw new Refusal("bad-parameter", `${JSON.stringify(type)} authority type is not supported`);
  }
  return authorityMessage(context.name, authority);
}
