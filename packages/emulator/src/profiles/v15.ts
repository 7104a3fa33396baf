import { v14 } from "./v14.ts";
import type { VersionProfile } from "./version-profile.ts";

/** The last releases of Teleport 15; rests on documents only, see the end of profiles.md. */
export const v15: VersionProfile = {
  ...v14,
  major: 15,
  serverVersion: "15.5.4",
  minClientVersion: "14.0.0",
  laterBlockKeys: { ...v14.laterBlockKeys, github: ["static_jwks"] },
  joseName: "go-jose/go-jose",
  authorityTypes: [...v14.authorityTypes, "db_client", "spiffe"],
  hostCertificatesOverGrpc: true,
  botNameInCertificates: true,
  loginIpInCertificates: true,
  discoveryKeys: ["dial_timeout"],
  unknownNodeText: (host) => `target host ${host} is offline or does not exist`,
  answersTransportAlpn: true,
};
