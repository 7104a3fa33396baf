import { v14 } from "./v14.ts";
import { v18 } from "./v18.ts";
import type { VersionProfile } from "./version-profile.ts";

/** The versions that the emulator can be, by major number. */
export const profiles: Readonly<Record<"14" | "18", VersionProfile>> = { "14": v14, "18": v18 };
