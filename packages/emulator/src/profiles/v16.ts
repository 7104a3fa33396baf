import { v15 } from "./v15.ts";
import type { VersionProfile } from "./version-profile.ts";

/** The last releases of Teleport 16; rests on documents only, see the end of profiles.md. */
export const v16: VersionProfile = {
  ...v15,
  major: 16,
  serverVersion: "16.5.13",
  minClientVersion: "15.0.0",
  otherJoinMethods: [...v15.otherJoinMethods, "tpm"],
  joinOrder: "token-first",
  botInstances: true,
  reissuableRoleImpersonation: true,
  makesAppSessions: true,
  presenceService: true,
  generationMismatch: {
    lock: "user",
    text: ({ botName, instanceId, stored, presented }) =>
      stored === undefined
        ? `cert generation mismatch for bot ${botName}/${instanceId}: instance not found, presented=${presented}`
        : `renewable cert generation mismatch for bot ${botName}/${instanceId}: stored=${stored}, presented=${presented}`,
  },
};
