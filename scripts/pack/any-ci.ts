import type { PackContext, PackedFiles } from "./context.ts";

/** Packs what jobs of any other CI system source: the shell core by itself. */
export async function packAnyCi({ shellCore }: PackContext): Promise<PackedFiles> {
  return new Map([["bot-join.sh", shellCore]]);
}
