import type { VersionProfile } from "./version-profile.ts";

const missingIdTokenTexts: Readonly<Record<string, string>> = {
  github: "IDToken not provided for Github join request",
  gitlab: "IDToken not provided for gitlab join request",
  circleci: 'IDToken not provided for "circleci" join request',
  spacelift: "id_token not provided for spacelift join request",
  kubernetes: "IDToken not provided for Kubernetes join request",
  gcp: "IDToken not provided for GCP join request",
  terraform_cloud: "id_token not provided for terraform_cloud join request",
};

/** Teleport 14.2.0, the version that was measured. */
export const v14: VersionProfile = {
  major: 14,
  serverVersion: "14.2.0",
  minClientVersion: "13.0.0",
  otherJoinMethods: ["iam", "azure"],
  laterBlockKeys: {
    github: ["enterprise_slug", "static_jwks"],
    gitlab: ["static_jwks"],
    kubernetes: ["oidc"],
  },
  idTokenLibrary: () => "generation-a",
  joseName: "square/go-jose",
  joinOrder: "proof-first",
  missingIdToken: {
    class: "bad-parameter",
    text: (joinMethod) =>
      missingIdTokenTexts[joinMethod] ?? `IDToken not provided for ${joinMethod} join request`,
  },
  roleNotAllowedText: ({ nodeName, hostId, role }) =>
    `node "${nodeName}" [${hostId}] can not join the cluster, the token does not allow "${role}" role`,
  joinKeys: "ssh-key-for-both",
  certificateKeys: "field-1",
  authorityKeys: { ssh: "rsa-2048", tls: "rsa-2048" },
  authorityTypes: ["host", "user", "db"],
  botInstances: false,
  joinAttributes: false,
  serviceHealth: false,
  botNameInCertificates: false,
  loginIpInCertificates: false,
  userTypeInCertificates: false,
  reissuableRoleImpersonation: false,
  makesAppSessions: false,
  hostCertificatesOverGrpc: false,
  presenceService: false,
  workloadIdentities: false,
  kubernetesPaths: false,
  generationMismatch: {
    lock: "user",
    text: ({ stored, presented }) =>
      `renewable cert generation mismatch: stored=${stored}, presented=${presented}`,
  },
  discoveryKeys: ["assist_enabled", "device_trust_disabled"],
  unknownNodeText: () =>
    "failed to dial target host\n\tdirect dialing to nodes not in the inventory is not supported",
  answersTransportAlpn: false,
};
