/** What an executable's header must say of the machine that it is for. */
export interface Machine {
  format: "elf" | "mach-o" | "pe";
  cpu: "x64" | "arm64";
  /** The loader that the file asks for; only ELF has one. */
  interpreter?: string;
}

/** One executable that can be made. */
export interface Target {
  /** File name in a release. */
  file: string;
  /** Package of the npm registry that holds Bun for this machine, of version {@link bunVersion}. */
  package: string;
  /** Integrity of that package's archive as the registry states it (Subresource Integrity). */
  integrity: string;
  /** Bun's own name of the machine, for its --target. */
  bunTarget: string;
  machine: Machine;
}

/** The release of Bun that all executables are made with. */
export const bunVersion = "1.4.5";

/**
 * Every executable by the name of its machine. For x64 the baseline packages are taken, which do without AVX2: not every CI
 * machine has it. In this release their programs are the same bytes as the others'.
 */
export const targets: Readonly<Record<string, Target>> = {
  "linux-x64": {
    file: "bot-join-linux-x64",
    package: "@oven/bun-linux-x64-baseline",
    integrity:
      "sha512-s8yMwYcFnnrA178gji0gZbkE2WVDej/Ti1x770oPfihxyRxSMNhGhiAQNXV53aDeraZxksdvKV/RAdQBCd0qPA==",
    bunTarget: "bun-linux-x64-baseline",
    machine: { format: "elf", cpu: "x64", interpreter: "/lib64/ld-linux-x86-64.so.2" },
  },
  "linux-x64-musl": {
    file: "bot-join-linux-x64-musl",
    package: "@oven/bun-linux-x64-musl-baseline",
    integrity:
      "sha512-cWJhU8h0+MiUgpSt99sQhjxLIIosKEcKYdtKddohokUvAuN6jKOy7g7+QDTZTXtwHxz93wL3BX+L6wXVPDUH3A==",
    bunTarget: "bun-linux-x64-musl-baseline",
    machine: { format: "elf", cpu: "x64", interpreter: "/lib/ld-musl-x86_64.so.1" },
  },
  "linux-arm64": {
    file: "bot-join-linux-arm64",
    package: "@oven/bun-linux-aarch64",
    integrity:
      "sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==",
    bunTarget: "bun-linux-arm64",
    machine: { format: "elf", cpu: "arm64", interpreter: "/lib/ld-linux-aarch64.so.1" },
  },
  "linux-arm64-musl": {
    file: "bot-join-linux-arm64-musl",
    package: "@oven/bun-linux-aarch64-musl",
    integrity:
      "sha512-XCNc+WvvMAdNNb+OWTogpy+N9wm62fkVeEVLb6how0RZhW5LPi6c7BlkeVCuWps7XjEl2saFpHFa20/1E+PAHg==",
    bunTarget: "bun-linux-arm64-musl",
    machine: { format: "elf", cpu: "arm64", interpreter: "/lib/ld-musl-aarch64.so.1" },
  },
  "macos-arm64": {
    file: "bot-join-macos-arm64",
    package: "@oven/bun-darwin-aarch64",
    integrity:
      "sha512-4MIFXHmctH2EhAxLXm2/qxNtv17dFtLJylvaOCsrgq6KSqHTs6eW5YSrJjRbJxYUJaR901fsN8JfZOa+CsWpWQ==",
    bunTarget: "bun-darwin-arm64",
    machine: { format: "mach-o", cpu: "arm64" },
  },
  "macos-x64": {
    file: "bot-join-macos-x64",
    package: "@oven/bun-darwin-x64-baseline",
    integrity:
      "sha512-zqfLA5A4B+hYMh5WYzYSot3uZ06FzhdP0OEwQisEzdirYtXGj5cQFlfy31BGfNsAsk1Gd/w/OxJ/jqqJ3cMclw==",
    bunTarget: "bun-darwin-x64-baseline",
    machine: { format: "mach-o", cpu: "x64" },
  },
  "windows-x64": {
    file: "bot-join-windows-x64.exe",
    package: "@oven/bun-windows-x64-baseline",
    integrity:
      "sha512-/U3Dc74uGqE6EUqef7mPtg9KwJs7iJH4JHRMfIZIn18MrJh6Xz4gVvWDXRvzCL2j8wPlTnJVyrO4n7Qq4uM7TQ==",
    bunTarget: "bun-windows-x64-baseline",
    machine: { format: "pe", cpu: "x64" },
  },
};

/** The target whose program runs on the machine that builds; undefined where there is none. */
export function ownTarget(): Target | undefined {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const system = { darwin: "macos", win32: "windows" }[process.platform as string] ?? process.platform;
  const libc = process.platform === "linux" && header.glibcVersionRuntime === undefined ? "-musl" : "";
  return targets[`${system}-${process.arch}${libc}`];
}
