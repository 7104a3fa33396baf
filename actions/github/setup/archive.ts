import { SetupError } from "./errors.ts";
import type { Edition } from "./parse-inputs.ts";

/** Teleport's names of machines, by Node's names of system and processor: what it publishes archives for. */
const machines: Readonly<Record<string, string>> = {
  "linux x64": "linux-amd64",
  "linux arm64": "linux-arm64",
  "linux arm": "linux-arm",
  "linux ia32": "linux-386",
  "darwin x64": "darwin-amd64",
  "darwin arm64": "darwin-arm64",
  "win32 x64": "windows-amd64",
};

/** One archive of a release. */
export interface Archive {
  /** The tool cache's name for it, which differs between builds. */
  product: "teleport" | "teleport-ent";
  version: string;
  /** Name of the file; its checksum lies beside it as `.sha256`. */
  file: string;
  kind: "tar.gz" | "zip";
}

/** Names the archive for a machine. Throws `ERR_SETUP_PLATFORM` where none is published. */
export function archiveFor(version: string, edition: Edition, system: string, cpu: string): Archive {
  const machine = machines[`${system} ${cpu}`];
  if (machine === undefined) {
    throw new SetupError({
      code: "ERR_SETUP_PLATFORM",
      kind: "user",
      message: `Teleport has no archive for ${system} on ${cpu}.`,
      hint: `There are archives for ${Object.values(machines).join(", ")}. bot-join itself needs none of them: leave the input tools out.`,
    });
  }
  const product = edition === "oss" ? "teleport" : "teleport-ent";
  const kind = system === "win32" ? "zip" : "tar.gz";
  return { product, version, kind, file: `${product}-v${version}-${machine}-bin.${kind}` };
}
