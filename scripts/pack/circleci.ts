import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { parse, stringify } from "yaml";
import type { PackContext, PackedFiles } from "./context.ts";
import { embed } from "./embed.ts";

const source = "actions/circleci/src";

/** Folders of an orb's source, which are the keys of the packed file: each file in them is one component. */
const kinds = ["commands", "executors", "jobs", "examples"];

/** What a text must be, whole, to stand for a file. */
const include = /^<<\s*include\(([-\w/.]+)\)\s*>>$/;

/** Packs the orb into one file, as `circleci orb pack` does, and takes the shell core into its scripts. */
export async function packCircleci(context: PackContext): Promise<PackedFiles> {
  const { read, root, version } = context;
  const orb = parse(read(`${source}/@orb.yml`)) as Record<string, unknown>;
  for (const kind of kinds) {
    const files = readdirSync(join(root, source, kind)).sort();
    orb[kind] = Object.fromEntries(
      files.map((file) => {
        const component: unknown = parse(read(`${source}/${kind}/${file}`));
        return [basename(file, ".yml"), takeIn(component, context)];
      }),
    );
  }
  return new Map([
    ["orb.yml", `# bot-join ${version}\n${stringify(orb, { lineWidth: 0 })}`],
    ["README.md", read("actions/circleci/README.md")],
  ]);
}

/** Replaces every text that stands for a file by what is in the file. */
function takeIn(value: unknown, context: PackContext): unknown {
  if (Array.isArray(value)) return value.map((item) => takeIn(item, context));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, takeIn(item, context)]));
  }
  const [, path] = (typeof value === "string" ? include.exec(value) : null) ?? [];
  if (path === undefined) return value;
  const script = embed(context.read(`${source}/${path}`), "@BOT_JOIN_SHELL@", context.shellCore);
  // Two of these begin a parameter, also in a script, unless they are escaped.
  return withoutComments(script).replaceAll("<<", "\\<<");
}

/** A config holds a copy for each command: comments would be half of it. */
function withoutComments(script: string): string {
  return script
    .split("\n")
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join("\n");
}
