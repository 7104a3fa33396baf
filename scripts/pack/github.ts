import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { PackContext, PackedFiles } from "./context.ts";

/**
 * Packs what a tag of the action holds: GitHub downloads all of it in every job, so it is the action files, the bundles that they
 * name, and nothing else of the repository.
 */
export async function packGithub({ root, read, programs }: PackContext): Promise<PackedFiles> {
  const folder = "actions/github";
  const actions = readdirSync(join(root, folder)).map((name) => `${folder}/${name}/action.yml`);
  const files: PackedFiles = new Map(
    ["action.yml", "README.md", "LICENSE", ...actions.filter((path) => existsSync(join(root, path)))].map(
      (path) => [path, read(path)],
    ),
  );
  for (const [name, content] of programs) {
    const isPlatformOwn = name.startsWith("azure-devops-");
    if (name.endsWith(".cjs") && !isPlatformOwn) files.set(`dist/${name}`, content);
  }
  return files.set("dist/THIRD-PARTY-NOTICES.txt", read("dist/THIRD-PARTY-NOTICES.txt"));
}
