import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Which packages each package may import; everything else is a wrong turn. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  core: [],
  proto: [],
  formats: ["core"],
  resources: ["core"],
  "id-tokens": ["core"],
  transport: ["core", "formats", "proto"],
  join: ["core", "formats", "proto", "transport", "transport/grpc"],
  outputs: ["core", "formats", "formats/der"],
  runner: ["core"],
  "one-shot": [
    "core",
    "resources",
    "id-tokens",
    "transport",
    "join",
    "join/auth",
    "outputs",
    "outputs/renderers",
    "runner",
  ],
  emulator: ["core", "formats", "formats/der", "proto", "resources", "transport/frames"],
  cli: [
    "core",
    "proto",
    "formats",
    "resources",
    "id-tokens",
    "transport",
    "transport/ssh-stream",
    "join",
    "outputs",
    "outputs/renderers",
    "runner",
    "one-shot",
    "emulator",
  ],
};

/** Packages that may touch the process: its environment, arguments and clock. */
const processPackages = ["runner", "cli"];

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter(
      (path) => path.endsWith(".ts") && !path.endsWith(".d.ts") && !path.includes(`${join("src", "gen")}`),
    );
}

/** Generated code, which is ours to declare for and not to judge. */
function generated(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.startsWith(`gen${sep}`) && name.endsWith(".ts"))
    .map((name) => join(folder, name));
}

function importsOf(path: string): string[] {
  const text = readFileSync(path, "utf8");
  const statements = text.matchAll(/^(?:import|export)\b[^";]*?\bfrom "([^"]+)"|\bimport\("([^"]+)"\)/gm);
  return [...statements].map((match) => match[1] ?? match[2] ?? "");
}

/** Tests, and the helpers that only they use. */
const isTest = (path: string): boolean => /\.test\.ts$|\/(testing|test-[a-z-]+)(\.ts$|\/)/.test(path);

function codeWithoutComments(path: string): string {
  return readFileSync(path, "utf8")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|\s)\/\/.*$/gm, "");
}

describe("packages", () => {
  test("the table names every package there is", () => {
    expect(readdirSync(join(root, "packages")).sort()).toEqual(Object.keys(allowed).sort());
  });

  for (const [name, permitted] of Object.entries(allowed)) {
    const folder = join(root, "packages", name);
    const files = sources(join(folder, "src")).filter((path) => !isTest(path));

    test(`${name} imports only what its row allows`, () => {
      const wrong = files.flatMap((path) =>
        importsOf(path)
          .filter((target) => target.startsWith("@bot-join/"))
          .filter((target) => !permitted.includes(target.slice("@bot-join/".length)))
          .map((target) => `${relative(root, path)} imports ${target}`),
      );
      expect(wrong).toEqual([]);
    });

    test(`${name} never reaches into another package by path`, () => {
      const wrong = files.filter((path) =>
        importsOf(path).some(
          (target) =>
            target.startsWith(".") && relative(folder, join(dirname(path), target)).startsWith(".."),
        ),
      );
      expect(wrong.map((path) => relative(root, path))).toEqual([]);
    });

    test(`${name} declares exactly the packages that it imports`, () => {
      const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
        dependencies?: Record<string, string>;
      };
      const packageOf = (target: string): string =>
        target
          .split("/")
          .slice(0, target.startsWith("@") ? 2 : 1)
          .join("/");
      const imported = new Set(
        [...files, ...generated(join(folder, "src"))]
          .flatMap(importsOf)
          .filter((target) => !target.startsWith(".") && !target.startsWith("node:"))
          .map(packageOf),
      );
      expect([...imported].sort()).toEqual(Object.keys(manifest.dependencies ?? {}).sort());
    });

    if (!processPackages.includes(name)) {
      test(`${name} takes environment, arguments and time as parameters`, () => {
        const wrong = files.filter((path) =>
          /\bprocess\.(env|argv)\b|\bDate\.now\(\)|\bnew Date\(\)|(?<!\.)\bsetTimeout\(/.test(
            codeWithoutComments(path),
          ),
        );
        expect(wrong.map((path) => relative(root, path))).toEqual([]);
      });
    }

    test(`${name} has a README of its own`, () => {
      expect(readFileSync(join(folder, "README.md"), "utf8").length).toBeGreaterThan(100);
    });
  }

  test("no package imports itself in a circle", () => {
    const visit = (name: string, path: string[]): void => {
      expect(path, `cycle: ${[...path, name].join(" → ")}`).not.toContain(name);
      for (const next of allowed[name] ?? []) visit(next.split("/")[0] ?? "", [...path, name]);
    };
    for (const name of Object.keys(allowed)) visit(name, []);
  });
});

describe("actions", () => {
  const files = sources(join(root, "actions"));

  /** The action that installs programs asks the cluster for its version, and joins nothing. */
  const setup = join("actions", "github", "setup");

  test("entries stay under 60 lines and import one-shot and runner only", () => {
    for (const path of files) {
      expect(readFileSync(path, "utf8").split("\n").length, basename(path)).toBeLessThan(60);
      for (const target of importsOf(path).filter((name) => name.startsWith("@bot-join/"))) {
        const extra = relative(root, path).startsWith(setup) ? ["@bot-join/core", "@bot-join/transport"] : [];
        expect(["@bot-join/one-shot", "@bot-join/runner", ...extra], relative(root, path)).toContain(target);
      }
    }
  });
});

describe("documentation", () => {
  /** Every error code that a package or an action can throw. */
  const folders = [...Object.keys(allowed).map((name) => join("packages", name, "src")), "actions"];
  const codes = folders.flatMap((folder) =>
    sources(join(root, folder))
      .filter((path) => !isTest(path))
      .flatMap((path) =>
        [...readFileSync(path, "utf8").matchAll(/"(ERR_[A-Z0-9_]+)"/g)].map((match) => match[1] ?? ""),
      )
      .filter((code) => !/^ERR_(CHILD_PROCESS|TLS|SSL|HTTP2|STREAM|SOCKET|OSSL)_/.test(code)),
  );

  test("every error code has its section in docs/errors.md, and no section is left over", () => {
    const sections = [
      ...readFileSync(join(root, "docs", "errors.md"), "utf8").matchAll(/^#+ `?(ERR_[A-Z0-9_]+)`?$/gm),
    ].map((match) => match[1]);
    expect([...new Set(sections)].sort()).toEqual([...new Set(codes)].sort());
  });

  test("every exported symbol says what it is", () => {
    const bare: string[] = [];
    for (const name of Object.keys(allowed)) {
      for (const path of sources(join(root, "packages", name, "src")).filter((file) => !isTest(file))) {
        const text = readFileSync(path, "utf8");
        for (const match of text.matchAll(
          /(^|\n)(export (?:default )?(?:abstract )?(?:async )?(?:function|class|const|interface|type) (\w+))/g,
        )) {
          const before = text.slice(0, (match.index ?? 0) + (match[1]?.length ?? 0)).trimEnd();
          const symbol = match[3] ?? "";
          if (!before.endsWith("*/") && !/ErrorCodes?$/.test(symbol) && !/Error$/.test(symbol))
            bare.push(`${relative(root, path)}: ${symbol}`);
        }
      }
    }
    expect(bare).toEqual([]);
  });
});
