import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "./targets.ts";

/** What the executables are made from. */
export interface BinaryParts {
  /** The bundle `bot-join.cjs`. */
  program: Uint8Array;
  /** A Bun that runs on this machine. */
  compiler: string;
  /** The Bun that becomes the executable. */
  runtime: string;
}

/** Puts the bundle into a Bun, below `folder`: the path of the executable. The same parts give the same bytes. */
export function buildBinary(
  target: Target,
  { program, compiler, runtime }: BinaryParts,
  folder: string,
): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "bot-join.cjs"), program);
  execFileSync(
    compiler,
    [
      "build",
      "./bot-join.cjs",
      "--compile",
      `--target=${target.bunTarget}`,
      `--compile-executable-path=${runtime}`,
      // Saves two thirds of the time to start.
      "--bytecode",
      // Whatever lies in a job's working folder, which may be a pull request of a stranger, must not decide what runs.
      "--no-compile-autoload-dotenv",
      "--no-compile-autoload-bunfig",
      "--no-compile-autoload-tsconfig",
      "--no-compile-autoload-package-json",
      // Would be the folder of this build. No executable has a use for it.
      '--define=__dirname=""',
      "--outfile=bot-join",
    ],
    // The name is part of the executable, so it is always the same.
    { cwd: folder, stdio: ["ignore", "ignore", "inherit"] },
  );
  return join(folder, target.machine.format === "pe" ? "bot-join.exe" : "bot-join");
}
