import { v14 } from "./v14.ts";
import { v15 } from "./v15.ts";
import { v16 } from "./v16.ts";
import { v17 } from "./v17.ts";
import { v18 } from "./v18.ts";
import type { VersionProfile } from "./version-profile.ts";

/** A major version that the emulator can be. */
export type ServerMajor = "14" | "15" | "16" | "17" | "18";

/** The versions that the emulator can be, by major number. */
export const profiles: Readonly<Record<ServerMajor, VersionProfile>> = {
  "14": v14,
  "15": v15,
  "16": v16,
  "17": v17,
  "18": v18,
};
