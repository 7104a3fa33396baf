import type { PackContext, PackedFiles } from "./context.ts";
import { embed } from "./embed.ts";

const source = "actions/bitbucket";

/** Files that are taken as they are. */
const plain = ["Dockerfile", "README.md", "CHANGELOG.md"];

/** The programs that the pipe's image is built from, where they were built. */
const imagePrograms = ["bot-join-linux-x64", "bot-join-linux-arm64"];

/** Packs the pipe's repository, which is the build context of its image, and the file of the script form. */
export async function packBitbucket(context: PackContext): Promise<PackedFiles> {
  const { read, shellCore, version, programs } = context;
  const changes = `.changes/${version}.json`;
  const files: PackedFiles = new Map(
    [...plain, changes].map((path): [string, string] => [path, read(`${source}/${path}`)]),
  );
  files.set("LICENSE", read("LICENSE"));
  files.set("bot-join.sh", shellCore);
  files.set("pipe.yml", read(`${source}/pipe.yml`).replace("@BOT_JOIN_VERSION@", version));
  files.set("pipe/pipe.sh", embed(read(`${source}/pipe/pipe.sh`), "@BOT_JOIN_SHELL@", shellCore));
  for (const name of imagePrograms) {
    const program = programs.get(name);
    if (program !== undefined) files.set(name, program);
  }
  return files;
}
