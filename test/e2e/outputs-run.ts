import { writeFileSync } from "node:fs";
import { arch, hostname } from "node:os";
import { join } from "node:path";
import type { Emulator } from "@bot-join/emulator";
import { createPlan, type JoinReport, type Plan, type PlannedOutput, runJoin } from "@bot-join/one-shot";
import { parseInputs, type Runner } from "@bot-join/runner";
import { githubIssuer } from "../support/emulator.ts";
import { systemClock } from "../support/system-clock.ts";

/** What a join in this process gave, and said. */
export interface OutputsRun {
  report: JoinReport;
  /** `level: text`. */
  logged: string[];
  variables: Record<string, string>;
  outputs: Record<string, string>;
}

/** What a test wants of an output; the rest has defaults. */
export type OutputWish = { type: PlannedOutput["type"] } & Record<string, unknown>;

const common = { roles: [], credentialTtlMs: undefined, name: undefined, pkcs12: undefined };

const defaults: Record<PlannedOutput["type"], object> = {
  identity: { cluster: undefined, allowReissue: false, sshConfig: true },
  ssh_host: {},
  kubernetes: { disableExecPlugin: true, contextNameTemplate: "{{.ClusterName}}-{{.KubeName}}" },
  "kubernetes/v2": { disableExecPlugin: true, contextNameTemplate: "{{.ClusterName}}-{{.KubeName}}" },
  application: { specificTlsNaming: false },
  database: { database: "", username: "", format: "" },
  "workload-identity-x509": {},
  "workload-identity-jwt": {},
};

/** Completes wishes into outputs, each in a folder of its own below `directory`. */
function plannedOutputs(wishes: OutputWish[], directory: string): Plan["outputs"] {
  const [first, ...rest] = wishes.map((wish, index): PlannedOutput => {
    const path = join(directory, `out-${index + 1}`);
    const destination = { kind: "directory", path, symlinks: "try-secure" };
    const output: object = { destination, ...common, ...defaults[wish.type], ...wish };
    return output as PlannedOutput;
  });
  if (first === undefined) throw new Error("a join needs an output");
  return [first, ...rest];
}

/** Joins the emulator's bot `robot` with the token `ghcom` in this process and writes the outputs. */
export async function joinForOutputs(
  emulator: Emulator,
  wishes: OutputWish[],
  directory: string,
  options: { proxy?: string; inputs?: Record<string, string> } = {},
): Promise<OutputsRun> {
  const caFile = join(directory, "web-ca.pem");
  writeFileSync(caFile, emulator.webCaPem);
  const logged: string[] = [];
  const variables: Record<string, string> = {};
  const outputs: Record<string, string> = {};
  const runner: Runner = {
    name: "shell",
    environment: {},
    log: {
      debug: (text) => void logged.push(`debug: ${text}`),
      info: (text) => void logged.push(`info: ${text}`),
      warn: (text) => void logged.push(`warn: ${text}`),
    },
    inputs: () => ({}) as never,
    mask() {},
    setOutput: (name, value) => void Object.assign(outputs, { [name]: value }),
    exportVariable: (name, value) => void Object.assign(variables, { [name]: value }),
    summary: () => Promise.resolve(),
    saveState() {},
    getState: () => undefined,
    temporaryDirectory: () => directory,
    fail(error) {
      throw error;
    },
  };
  const idToken = await emulator.issuer(githubIssuer).sign({
    aud: "teleport.cluster.local",
    sub: "repo:acme/shop:ref:refs/heads/main",
    repository: "acme/shop",
  });
  const inputs = parseInputs({
    proxy: options.proxy ?? emulator.proxyAddress,
    token: "ghcom",
    "join-method": "github",
    "id-token": idToken,
    "ca-file": caFile,
    retries: "1",
    ...options.inputs,
  });
  const plan = await createPlan(inputs, {
    environment: {},
    temporaryDirectory: directory,
    workingDirectory: directory,
    randomName: "x",
  });
  const script = join(directory, "ssh-proxy.cjs");
  writeFileSync(script, "");
  const report = await runJoin(
    { ...plan, outputs: plannedOutputs(wishes, directory) },
    {
      runner,
      clock: systemClock,
      random: Math.random,
      signal: new AbortController().signal,
      sshProxy: { kind: "bundle", node: process.execPath, script },
      platform: process.platform,
      architecture: arch(),
      hostName: hostname(),
    },
  );
  return { report, logged, variables, outputs };
}
