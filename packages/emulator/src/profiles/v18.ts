import { v17 } from "./v17.ts";
import type { VersionProfile } from "./version-profile.ts";

/** The last releases of Teleport 18; rests on documents only, see the end of profiles.md. */
export const v18: VersionProfile = {
  ...v17,
  major: 18,
  serverVersion: "18.4.1",
  minClientVersion: "17.0.0",
  oldestClientMajor: 17,
  otherJoinMethods: [...v17.otherJoinMethods, "env0"],
  joinServiceMethods: [
    "token",
    "github",
    "gitlab",
    "circleci",
    "bitbucket",
    "spacelift",
    "env0",
    "azure_devops",
    "terraform_cloud",
    "kubernetes",
    "gcp",
  ],
  laterBlockKeys: {},
  idTokenLibrary: () => "generation-b",
  missingIdToken: { class: "access-denied", text: () => "IDToken is required" },
  roleNotAllowedText: ({ role }) => `can not join the cluster, the token does not allow role ${role}`,
  certificateKeys: "22-and-23",
  serviceHealth: true,
  generationMismatch: {
    lock: "bot-instance",
    text: ({ botName, instanceId, stored, presented }) =>
      `cert generation mismatch for bot ${botName}/${instanceId}: ` +
      `${stored === undefined ? "instance not found" : `stored=${stored}`}, presented=${presented}`,
  },
};
