import type { PackContext, PackedFiles } from "./context.ts";
import { embed } from "./embed.ts";

/** Packs the plugin's repository: env0 runs what stands in the file and nothing else of it. */
export async function packEnv0({ read, shellCore }: PackContext): Promise<PackedFiles> {
  return new Map([
    ["env0.plugin.yaml", embed(read("actions/env0/env0.plugin.yaml"), "@BOT_JOIN_SHELL@", shellCore)],
    ["bot-join.sh", shellCore],
    ["README.md", read("actions/env0/README.md")],
    ["LICENSE", read("LICENSE")],
  ]);
}
