import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PackContext, PackedFiles } from "./context.ts";
import { embed } from "./embed.ts";
import { reproducibleZip } from "./reproducible-zip.ts";

/** File of the task → the bundle it is. */
const taskBundles: Readonly<Record<string, string>> = {
  "join.cjs": "azure-devops-join.cjs",
  "cleanup.cjs": "azure-devops-cleanup.cjs",
  "ssh-proxy.cjs": "ssh-proxy.cjs",
  "yaml.cjs": "yaml.cjs",
  "node-forge.cjs": "node-forge.cjs",
};

const folder = "actions/azure-devops";

/** Packs the extension with `tfx-cli`, Azure DevOps' own packer, and the template for organisations without extensions. */
export async function packAzureDevops(context: PackContext): Promise<PackedFiles> {
  const { read, shellCore } = context;
  const joins = embed(read(`${folder}/join.yml`), "@BOT_JOIN_SHELL@", shellCore);
  const template = embed(joins, "@BOT_JOIN_SHELL_AGAIN@", shellCore);
  return new Map<string, string | Uint8Array>([
    [`bot-join-${context.version}.vsix`, packExtension(context)],
    ["join.yml", template],
    ["README.md", read(`${folder}/overview.md`)],
  ]);
}

function packExtension({ root, version, programs }: PackContext): Uint8Array {
  const staged = mkdtempSync(join(tmpdir(), "bot-join-vsix-"));
  try {
    cpSync(join(root, folder), staged, { recursive: true, filter: (path) => !path.endsWith(".ts") });
    cpSync(join(root, "LICENSE"), join(staged, "LICENSE.txt"));
    const manifestPath = join(staged, "vss-extension.json");
    const manifest = JSON.parse(readFileSync(manifestPath, "utf8"));
    writeFileSync(manifestPath, JSON.stringify({ ...manifest, version }));
    for (const [file, bundle] of Object.entries(taskBundles)) {
      const content = programs.get(bundle);
      if (content === undefined) throw new Error(`there is no bundle ${bundle} to pack. Run: npm run bundle`);
      writeFileSync(join(staged, "BotJoinV1", file), content);
    }
    const out = join(staged, "out");
    mkdirSync(out);
    const tfx = join(root, "node_modules", "tfx-cli", "_build", "tfx-cli.js");
    execFileSync(
      process.execPath,
      [
        tfx,
        "extension",
        "create",
        "--manifest-globs",
        "vss-extension.json",
        "--output-path",
        out,
        "--no-prompt",
      ],
      { cwd: staged, stdio: ["ignore", "ignore", "inherit"] },
    );
    const [vsix] = readdirSync(out);
    if (vsix === undefined) throw new Error("tfx made no extension");
    return reproducibleZip(readFileSync(join(out, vsix)));
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}
