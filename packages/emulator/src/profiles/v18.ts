import type { VersionProfile } from "./version-profile.ts";

/** The last releases of Teleport 18; rests on documents only, see the end of profiles.md. */
export const v18: VersionProfile = {
  major: 18,
  serverVersion: "18.4.1",
  minClientVersion: "17.0.0",
  otherJoinMethods: ["iam", "azure", "tpm", "oracle", "bound_keypair", "env0"],
  githubKeys: ["enterprise_slug", "static_jwks"],
  joinOrder: "token-first",
  missingIdToken: { class: "access-denied", text: () => "IDToken is required" },
  roleNotAllowedText: ({ role }) => `can not join the cluster, the token does not allow role ${role}`,
  joinKeys: "each-its-own",
  certificateKeys: "22-and-23",
  authorityKeys: { ssh: "ed25519", tls: "p256" },
  signatureAlgorithmSuite: 2,
  authorityTypes: ["host", "user", "db", "db_client"],
  botInstances: true,
  botNameInCertificates: true,
  loginIpInCertificates: true,
  userTypeInCertificates: true,
  reissuableRoleImpersonation: true,
  makesAppSessions: true,
  generationMismatch: {
    lock: "bot-instance",
    text: ({ botName, instanceId, stored, presented }) =>
      `cert generation mismatch for bot ${botName}/${instanceId}: ` +
      `${stored === undefined ? "instance not found" : `stored=${stored}`}, presented=${presented}`,
  },
  checksClientVersion: true,
};
