import type { PackContext, PackedFiles } from "./context.ts";
import { embed } from "./embed.ts";

/** Packs the plugin template, which is pasted whole, and the shell half for stacks with hooks of their own. */
export async function packSpacelift({ read, shellCore, version }: PackContext): Promise<PackedFiles> {
  const plugin = embed(read("actions/spacelift/plugin.yaml"), "@BOT_JOIN_SHELL@", shellCore);
  return new Map([
    ["plugin.yaml", plugin.replace("@BOT_JOIN_VERSION@", version)],
    ["bot-join.sh", shellCore],
    ["README.md", read("actions/spacelift/README.md")],
  ]);
}
