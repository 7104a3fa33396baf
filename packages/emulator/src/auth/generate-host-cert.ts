import {
  type GenerateHostCertRequest,
  type GenerateHostCertResponse,
  GenerateHostCertResponseSchema,
} from "@bot-join/proto";
import { create } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { issueHostSshCertificate } from "../authority/host-certificates.ts";
import { readSshBlob } from "../authority/subject-key.ts";
import type { Caller } from "../caller.ts";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { checkAccess } from "./authorize.ts";

/** What an SSH host certificate is asked for, over gRPC or the legacy HTTP API. */
export interface HostCertificateRequest {
  /** authorized_keys line. */
  key: Uint8Array;
  hostId: string;
  nodeName: string;
  principals: readonly string[];
  clusterName: string;
  role: string;
  /** Milliseconds; 0: without end. */
  ttlMs: number;
}

/** Issues a host certificate to whose roles may create `host_cert`; gives its authorized_keys line with newline. */
export function issueHostCertificate(
  context: ClusterContext,
  caller: Caller,
  request: HostCertificateRequest,
): string {
  checkAccess(context.state, caller, "create", "host_cert");
  const { clusterName, hostId, nodeName } = request;
  // The wording of this refusal was not measured.
  if (clusterName !== context.name) {
    throw new Refusal("bad-parameter", `cannot sign a host certificate for the cluster "${clusterName}"`);
  }
  const now = context.clock.now();
  const line = issueHostSshCertificate(context.authorities.host, {
    clusterName,
    publicKey: readSshBlob(request.key),
    principals: [...ownPrincipals(hostId, nodeName, clusterName), ...request.principals],
    role: request.role,
    now,
    ...(request.ttlMs > 0 && { notAfter: new Date(now.getTime() + request.ttlMs) }),
  });
  return `${line}\n`;
}

/** The principals of a host that has an id; one without has those it asks for alone (user-certs.md section 3.3). */
function ownPrincipals(hostId: string, nodeName: string, cluster: string): string[] {
  if (hostId === "" && nodeName === "") return [];
  const names = [hostId, nodeName].filter((name) => name !== "");
  return [...names.flatMap((name) => [`${name}.${cluster}`, name]), "localhost", "127.0.0.1", "::1"];
}

/** Answers the RPC, which servers have since version 15 (user-certs.md section 2.7). */
export function generateHostCert(
  context: ClusterContext,
  caller: Caller,
  request: GenerateHostCertRequest,
): GenerateHostCertResponse {
  if (!context.profile.hostCertificatesOverGrpc) {
    const message = "unknown method GenerateHostCert for service teleport.trust.v1.TrustService";
    throw new Refusal("not-implemented", message);
  }
  const { ttl } = request;
  const line = issueHostCertificate(context, caller, {
    ...request,
    ttlMs: ttl === undefined ? 0 : durationMs(ttl),
  });
  return create(GenerateHostCertResponseSchema, { sshCertificate: Buffer.from(line) });
}

/** Reads the JSON body in which the legacy HTTP API is asked (user-certs.md section 2.11). */
export function readLegacyHostRequest(body: unknown): HostCertificateRequest {
  const at = (key: string): unknown =>
    typeof body === "object" && body !== null ? Reflect.get(body, key) : undefined;
  const text = (key: string): string => {
    const value = at(key);
    return typeof value === "string" ? value : "";
  };
  const texts = (key: string): string[] => {
    const value = at(key);
    return Array.isArray(value) ? value.map(String) : [];
  };
  const roles = texts("roles");
  if (roles.length !== 1) throw new Refusal("bad-parameter", "exactly one system role is required");
  return {
    key: Buffer.from(text("key"), "base64"),
    hostId: text("hostname"),
    nodeName: text("node_name"),
    principals: texts("principals"),
    clusterName: text("auth_domain"),
    role: roles[0] ?? "",
    ttlMs: Number(at("ttl") ?? 0) / 1e6,
  };
}
