/**
 * Builds the committed bundles in dist/ with one configuration, and beside them the notices of every package
 * whose code is in them. `node scripts/bundle.ts --check` builds in memory and fails when dist/ differs.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** One file of dist/: where it starts, and which imports it takes from another file beside it when it needs them. */
interface Bundle {
  entry: string;
  beside?: Readonly<Record<string, string>>;
}

/** What a join takes from beside it: the YAML parser is as large as a quarter of it, and most jobs need neither. */
const seldomNeeded: Bundle["beside"] = { yaml: "./yaml.cjs", "node-forge/lib/asn1.js": "./node-forge.cjs" };

/** Bundle name → how it is made. */
const bundles: Readonly<Record<string, Bundle>> = {
  "auth-application": dropIn("auth-application"),
  "auth-k8s": dropIn("auth-k8s"),
  "azure-devops-cleanup": { entry: "actions/azure-devops/cleanup.ts" },
  "azure-devops-join": { entry: "actions/azure-devops/join.ts", beside: seldomNeeded },
  "bot-join": { entry: "packages/cli/src/main.ts" },
  cleanup: { entry: "actions/github/cleanup.ts" },
  database: dropIn("database"),
  join: { entry: "actions/github/join.ts", beside: seldomNeeded },
  "node-forge": { entry: "node_modules/node-forge/lib/asn1.js" },
  setup: { entry: "actions/github/setup/setup.ts" },
  "ssh-proxy": { entry: "packages/cli/src/ssh-proxy.ts" },
  yaml: { entry: "node_modules/yaml/dist/index.js" },
};

/** A drop-in action is a name, and the bundle of all joins beside it. */
function dropIn(name: string): Bundle {
  return { entry: `actions/github/${name}/join.ts`, beside: { "../join.ts": "./join.cjs" } };
}

/** Licence texts of packages that ship none: kept in the repository, by package name prefix. */
const keptLicences: Readonly<Record<string, string>> = {
  "@bufbuild/protobuf": "scripts/licences/bufbuild-protobuf.txt",
  "@connectrpc/connect": "scripts/licences/apache-2.0.txt",
  "@connectrpc/connect-node": "scripts/licences/apache-2.0.txt",
};

/**
 * Marks packages whose imports do nothing but define: without it the HTTP client of @actions/core comes along
 * with its workflow commands, half a megabyte of it.
 */
const withoutSideEffects: Plugin = {
  name: "without-side-effects",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /.*/ }, async ({ path, pluginData, ...options }) => {
      if (pluginData === "resolved") return undefined;
      const result = await resolve(path, { ...options, pluginData: "resolved" });
      return /node_modules\/(@actions|@octokit|undici)\//.test(result.path.replaceAll("\\", "/"))
        ? { ...result, sideEffects: false }
        : result;
    });
  },
};

/** Leaves out of a bundle what lies beside it as a file of its own. */
function takenFrom(beside: Readonly<Record<string, string>>): Plugin {
  return {
    name: "taken-from-beside",
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ path }) => {
        const file = beside[path];
        return file === undefined ? undefined : { path: file, external: true };
      });
    },
  };
}

const options: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  minify: true,
  keepNames: true,
  legalComments: "none",
  charset: "utf8",
  metafile: true,
  write: false,
  logLevel: "warning",
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
};

/** The folders of all packages whose code is in a bundle, ours excluded. */
function bundledPackages(metafile: Metafile): string[] {
  const folders = new Set<string>();
  for (const output of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
      if (bytesInOutput > 0 && folder !== undefined) folders.add(folder);
    }
  }
  return [...folders].sort();
}

function licenceOf(folder: string, name: string): string {
  const files = readdirSync(join(root, folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const texts = files.sort().map((file) => readFileSync(join(root, folder, file), "utf8"));
  const kept = keptLicences[name];
  if (texts.length === 0 && kept !== undefined) texts.push(readFileSync(join(root, kept), "utf8"));
  if (texts.length === 0)
    throw new Error(`${name} is in a bundle and ships no licence text: keep one in scripts/licences`);
  return texts.join("\n").replaceAll("\r\n", "\n").trim();
}

function notices(metafiles: Metafile[]): string {
  const folders = new Set(metafiles.flatMap(bundledPackages));
  const sections = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    return `${name} ${version} (${license})\n\n${licenceOf(folder, name)}\n`;
  });
  const rule = `\n${"-".repeat(78)}\n\n`;
  return `The bundles in this folder contain code of the packages below.\n${rule}${sections.join(rule)}`;
}

/**
 * Builds bundles in memory: file name → bytes, with the notices of what is in them. Default: all of dist/. Throws when a
 * name is none of the table's.
 */
export async function buildBundles(
  names: readonly string[] = Object.keys(bundles),
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const metafiles: Metafile[] = [];
  for (const name of names) {
    const bundle = bundles[name];
    if (bundle === undefined) throw new Error(`there is no bundle named ${name}`);
    const result = await build({
      ...options,
      entryPoints: { [name]: bundle.entry },
      plugins: [takenFrom(bundle.beside ?? {}), withoutSideEffects],
    });
    for (const file of result.outputFiles ?? [])
      files.set(relative(join(root, "dist"), file.path), file.contents);
    if (result.metafile !== undefined) metafiles.push(result.metafile);
    if (process.argv.includes("--analyze")) report(name, result.metafile as Metafile);
  }
  files.set("THIRD-PARTY-NOTICES.txt", Buffer.from(notices(metafiles)));
  return files;
}

function report(name: string, metafile: Metafile): void {
  const sizes = new Map<string, number>();
  for (const output of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const key =
        /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ??
        /^(packages\/[^/]+|actions)/.exec(input)?.[1] ??
        input;
      sizes.set(key, (sizes.get(key) ?? 0) + bytesInOutput);
    }
  }
  for (const [key, size] of [...sizes].sort((a, b) => b[1] - a[1])) console.log(`${name}  ${size}\t${key}`);
}

const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

function check(files: ReadonlyMap<string, Uint8Array>): void {
  const committed = (file: string): string =>
    existsSync(join(root, "dist", file)) ? hash(readFileSync(join(root, "dist", file))) : "missing";
  const extra = readdirSync(join(root, "dist")).filter((file) => !files.has(file));
  const different = [...files]
    .filter(([file, bytes]) => committed(file) !== hash(bytes))
    .map(([file]) => file);
  if (different.length + extra.length === 0) return;
  console.error(
    `dist/ is not what the sources give: ${[...different, ...extra].join(", ")}. Run: npm run bundle`,
  );
  process.exitCode = 1;
}

function write(files: ReadonlyMap<string, Uint8Array>): void {
  mkdirSync(join(root, "dist"), { recursive: true });
  for (const [file, bytes] of files) {
    writeFileSync(join(root, "dist", file), bytes);
    console.log(`${file}\t${bytes.length} bytes`);
  }
}

if (import.meta.main) {
  const files = await buildBundles();
  if (process.argv.includes("--check")) check(files);
  else write(files);
}
