import { join } from "node:path";
import type { MainOptions } from "@bot-join/one-shot";

/** What this process runs from, so that it can be started again, by itself or by ssh; all paths absolute. */
export type OwnProgram =
  | { kind: "bundles"; node: string; folder: string }
  /** One file that holds everything, with a JavaScript engine of its own (docs/binaries.md). */
  | { kind: "executable"; path: string };

/** Tells bundles that lie beside each other from an executable that `npm run binaries` made. */
export function ownProgram(): OwnProgram {
  const { Bun } = globalThis as { Bun?: { isStandaloneExecutable?: boolean } };
  return Bun?.isStandaloneExecutable === true
    ? { kind: "executable", path: process.execPath }
    : { kind: "bundles", node: process.execPath, folder: __dirname };
}

/** What ssh starts for a connection when this program did the join. */
export function sshProxyOf(program: OwnProgram): MainOptions["sshProxy"] {
  return program.kind === "executable"
    ? program
    : { kind: "bundle", node: program.node, script: join(program.folder, "ssh-proxy.cjs") };
}
