import { v16 } from "./v16.ts";
import type { VersionProfile } from "./version-profile.ts";

/** Methods whose code was written or rewritten late in 17; which ones exactly is not known. */
const onNewerLibrary: readonly string[] = ["github", "gitlab", "azure_devops"];

/** The last releases of Teleport 17; rests on documents only, see the end of profiles.md. */
export const v17: VersionProfile = {
  ...v16,
  major: 17,
  serverVersion: "17.7.4",
  minClientVersion: "16.0.0",
  oldestClientMajor: 16,
  otherJoinMethods: [...v16.otherJoinMethods, "oracle", "bound_keypair"],
  laterBlockKeys: { kubernetes: ["oidc"] },
  idTokenLibrary: (joinMethod) => (onNewerLibrary.includes(joinMethod) ? "generation-b" : "generation-a"),
  joinKeys: "each-its-own",
  certificateKeys: "field-1-or-22-and-23",
  authorityKeys: { ssh: "ed25519", tls: "p256" },
  signatureAlgorithmSuite: 2,
  joinAttributes: true,
  workloadIdentities: true,
  kubernetesPaths: true,
  userTypeInCertificates: true,
  discoveryKeys: ["dial_timeout", "auto_update", "edition", "fips"],
};
