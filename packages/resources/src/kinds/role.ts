import * as v from "valibot";
import { parseResourceDuration } from "../duration.ts";
import type { RoleConditions, RoleResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { defaultMaxSessionTtlMs } from "../role-defaults.ts";
import { isRolePattern } from "../role-pattern.ts";
import { flag, ignored, optionalMapping, type Shape, text } from "../shape.ts";
import { type Kind, kindOfShape, type Reading } from "./kind.ts";
import { checkMetadata, type Metadata, metadataShape, optionalMetadata } from "./metadata.ts";
import { conditionsShape } from "./role-conditions.ts";

interface RoleDocument {
  version: string;
  metadata: Metadata;
  spec: {
    options: {
      max_session_ttl: string;
      port_forwarding: boolean | undefined;
      forward_agent: boolean | undefined;
      permit_x11_forwarding: boolean | undefined;
    };
    allow: RoleConditions;
    deny: RoleConditions;
  };
}

/** Options that a role may have and that nothing here looks at. */
const otherOptions = [
  "cert_extensions",
  "cert_format",
  "client_idle_timeout",
  "create_db_user",
  "create_db_user_mode",
  "create_desktop_user",
  "create_host_user",
  "create_host_user_default_shell",
  "create_host_user_mode",
  "desktop_clipboard",
  "desktop_directory_sharing",
  "device_trust_mode",
  "disconnect_expired_cert",
  "enhanced_recording",
  "idp",
  "lock",
  "max_connections",
  "max_kubernetes_connections",
  "max_sessions",
  "mfa_verification_interval",
  "pin_source_ip",
  "record_session",
  "request_access",
  "request_prompt",
  "require_session_mfa",
  "ssh_file_copy",
  "ssh_port_forwarding",
];

const versions = ["v3", "v4", "v5", "v6", "v7", "v8"];

/** `kind: role` (user-certs.md section 2.3). */
export const roleKind: Kind = kindOfShape<RoleDocument>(
  v.object({
    kind: text,
    sub_kind: text,
    version: text,
    metadata: metadataShape,
    spec: optionalMapping(
      v.object({
        options: optionalMapping(
          v.object({
            max_session_ttl: text,
            port_forwarding: flag,
            forward_agent: flag,
            permit_x11_forwarding: flag,
            ...Object.fromEntries(otherOptions.map((key): [string, Shape<unknown>] => [key, ignored])),
          }),
        ),
        allow: conditionsShape,
        deny: conditionsShape,
      }),
    ),
  }),
  read,
);

function read({ version, metadata, spec }: RoleDocument): Omit<Reading, "keyWarnings"> {
  const problems = checkMetadata(metadata);
  const warnings: DocumentProblem[] = [];
  if (!versions.includes(version)) {
    const message = `role version ${JSON.stringify(version)} is not supported, versions are ${versions.join(", ")}`;
    problems.push({ path: ["version"], message });
  }
  const written = spec.options.max_session_ttl;
  const ttl = written === "" ? 0 : parseResourceDuration(written);
  if (ttl === undefined) {
    const message = `${JSON.stringify(written)} is not a duration such as 8h or 1h30m`;
    problems.push({ path: ["spec", "options", "max_session_ttl"], message });
  }
  for (const side of ["allow", "deny"] as const) {
    const path = ["spec", side, "impersonate"];
    for (const [index, entry] of spec[side].impersonateRoles.entries()) {
      if (isRolePattern(entry)) continue;
      const message = `${JSON.stringify(entry)} is not a valid regular expression`;
      problems.push({ path: [...path, "roles", index], message });
    }
    if (spec[side].impersonateWhere !== "") {
      const effect = side === "allow" ? "grants nothing" : "holds always";
      const message = `a where predicate is not evaluated here: this condition ${effect}`;
      warnings.push({ path: [...path, "where"], message });
    }
  }
  const resource: RoleResource = {
    kind: "role",
    version,
    name: metadata.name,
    ...optionalMetadata(metadata),
    maxSessionTtlMs: ttl || defaultMaxSessionTtlMs,
    portForwarding: spec.options.port_forwarding ?? true,
    forwardAgent: spec.options.forward_agent ?? false,
    permitX11Forwarding: spec.options.permit_x11_forwarding ?? false,
    allow: spec.allow,
    deny: spec.deny,
  };
  return { resource, problems, warnings };
}
