import { describe, expect, it } from "vitest";
import { standardAttributes, teleportAttributes } from "./teleport-attributes.ts";

describe("Teleport's subject attributes", () => {
  // The table of user-certs.md section 3.2, row by row.
  it("are those of the protocol page, in the order of emission", () => {
    expect(
      Object.entries(teleportAttributes).map(([name, { oid }]) => [oid.slice("1.3.9999.".length), name]),
    ).toEqual([
      ["2.11", "systemRoles"],
      ["1.1", "kubernetesUsers"],
      ["1.2", "kubernetesGroups"],
      ["1.3", "kubernetesCluster"],
      ["1.4", "appSessionId"],
      ["1.6", "appPublicAddress"],
      ["1.5", "appClusterName"],
      ["1.10", "appName"],
      ["1.11", "appAwsRoleArn"],
      ["1.12", "allowedAwsRoleArns"],
      ["1.16", "appAzureIdentity"],
      ["1.17", "allowedAzureIdentities"],
      ["1.18", "appGcpServiceAccount"],
      ["1.19", "allowedGcpServiceAccounts"],
      ["1.13", "renewable"],
      ["1.7", "cluster"],
      ["1.8", "mfaDevice"],
      ["2.12", "previousIdentityExpiry"],
      ["1.9", "loginIp"],
      ["2.15", "pinnedIp"],
      ["2.1", "databaseService"],
      ["2.2", "databaseProtocol"],
      ["2.3", "databaseUser"],
      ["2.4", "databaseName"],
      ["2.5", "allowedDatabaseNames"],
      ["2.6", "allowedDatabaseUsers"],
      ["2.7", "impersonator"],
      ["2.8", "activeRequests"],
      ["2.9", "disallowReissue"],
      ["1.14", "generation"],
      ["2.10", "allowedResources"],
      ["1.15", "privateKeyPolicy"],
      ["2.13", "connectionDiagnosticId"],
      ["3.1", "deviceId"],
      ["3.2", "deviceAssetTag"],
      ["3.3", "deviceCredentialId"],
      ["1.20", "userType"],
      ["2.18", "botName"],
      ["2.19", "requestedDatabaseRoles"],
      ["2.20", "botInstanceId"],
      ["2.21", "joinAttributes"],
    ]);
  });

  it("lie in Teleport's own arc and repeat where the page says so", () => {
    const all = Object.entries(teleportAttributes);
    expect(all.every(([, { oid }]) => oid.startsWith("1.3.9999."))).toBe(true);
    expect(all.filter(([, { repeated }]) => repeated).map(([name]) => name)).toEqual([
      "systemRoles",
      "kubernetesUsers",
      "kubernetesGroups",
      "allowedAwsRoleArns",
      "allowedAzureIdentities",
      "allowedGcpServiceAccounts",
      "allowedDatabaseNames",
      "allowedDatabaseUsers",
      "activeRequests",
      "requestedDatabaseRoles",
    ]);
  });

  it("come after the standard ones in the order L, STREET, POSTALCODE, O, OU, CN", () => {
    expect(Object.values(standardAttributes).map(({ oid }) => oid)).toEqual([
      "2.5.4.7",
      "2.5.4.9",
      "2.5.4.17",
      "2.5.4.10",
      "2.5.4.11",
      "2.5.4.3",
    ]);
  });
});
