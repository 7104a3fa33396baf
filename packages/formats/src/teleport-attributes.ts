/** One attribute of a subject. */
export interface TeleportAttribute {
  /** Dotted object identifier. */
  readonly oid: string;
  /** Whether several values may occur. */
  readonly repeated: boolean;
}

/**
 * The X.520 attributes that Teleport gives a meaning of its own, by that meaning, in the order in which a server
 * writes them. Source: user-certs.md section 3.2.
 */
export const standardAttributes = {
  /** L: logins. */
  logins: { oid: "2.5.4.7", repeated: true },
  /** STREET: the cluster that the certificate is routed to. */
  routeToCluster: { oid: "2.5.4.9", repeated: false },
  /** POSTALCODE: traits as JSON. */
  traits: { oid: "2.5.4.17", repeated: false },
  /** O: role names. */
  roles: { oid: "2.5.4.10", repeated: true },
  /** OU: usage restrictions, such as `usage:kube`. */
  usage: { oid: "2.5.4.11", repeated: true },
  /** CN: user name. */
  username: { oid: "2.5.4.3", repeated: false },
} as const;

/**
 * Teleport's own subject attributes, all of them strings, in the order in which a server writes them.
 * Source: user-certs.md section 3.2.
 */
export const teleportAttributes = {
  systemRoles: { oid: "1.3.9999.2.11", repeated: true },
  kubernetesUsers: { oid: "1.3.9999.1.1", repeated: true },
  kubernetesGroups: { oid: "1.3.9999.1.2", repeated: true },
  kubernetesCluster: { oid: "1.3.9999.1.3", repeated: false },
  appSessionId: { oid: "1.3.9999.1.4", repeated: false },
  appPublicAddress: { oid: "1.3.9999.1.6", repeated: false },
  appClusterName: { oid: "1.3.9999.1.5", repeated: false },
  appName: { oid: "1.3.9999.1.10", repeated: false },
  appAwsRoleArn: { oid: "1.3.9999.1.11", repeated: false },
  allowedAwsRoleArns: { oid: "1.3.9999.1.12", repeated: true },
  appAzureIdentity: { oid: "1.3.9999.1.16", repeated: false },
  allowedAzureIdentities: { oid: "1.3.9999.1.17", repeated: true },
  appGcpServiceAccount: { oid: "1.3.9999.1.18", repeated: false },
  allowedGcpServiceAccounts: { oid: "1.3.9999.1.19", repeated: true },
  renewable: { oid: "1.3.9999.1.13", repeated: false },
  cluster: { oid: "1.3.9999.1.7", repeated: false },
  mfaDevice: { oid: "1.3.9999.1.8", repeated: false },
  previousIdentityExpiry: { oid: "1.3.9999.2.12", repeated: false },
  loginIp: { oid: "1.3.9999.1.9", repeated: false },
  pinnedIp: { oid: "1.3.9999.2.15", repeated: false },
  databaseService: { oid: "1.3.9999.2.1", repeated: false },
  databaseProtocol: { oid: "1.3.9999.2.2", repeated: false },
  databaseUser: { oid: "1.3.9999.2.3", repeated: false },
  databaseName: { oid: "1.3.9999.2.4", repeated: false },
  allowedDatabaseNames: { oid: "1.3.9999.2.5", repeated: true },
  allowedDatabaseUsers: { oid: "1.3.9999.2.6", repeated: true },
  impersonator: { oid: "1.3.9999.2.7", repeated: false },
  activeRequests: { oid: "1.3.9999.2.8", repeated: true },
  disallowReissue: { oid: "1.3.9999.2.9", repeated: false },
  generation: { oid: "1.3.9999.1.14", repeated: false },
  allowedResources: { oid: "1.3.9999.2.10", repeated: false },
  privateKeyPolicy: { oid: "1.3.9999.1.15", repeated: false },
  connectionDiagnosticId: { oid: "1.3.9999.2.13", repeated: false },
  deviceId: { oid: "1.3.9999.3.1", repeated: false },
  deviceAssetTag: { oid: "1.3.9999.3.2", repeated: false },
  deviceCredentialId: { oid: "1.3.9999.3.3", repeated: false },
  userType: { oid: "1.3.9999.1.20", repeated: false },
  botName: { oid: "1.3.9999.2.18", repeated: false },
  requestedDatabaseRoles: { oid: "1.3.9999.2.19", repeated: true },
  botInstanceId: { oid: "1.3.9999.2.20", repeated: false },
  joinAttributes: { oid: "1.3.9999.2.21", repeated: false },
} as const;

/** A key of {@link teleportAttributes}. */
export type TeleportAttributeName = keyof typeof teleportAttributes;
