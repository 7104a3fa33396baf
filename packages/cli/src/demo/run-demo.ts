import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { BotJoinError, formatDuration } from "@bot-join/core";
import {
  type Emulator,
  type EmulatorEvent,
  type GitHubJob,
  startEmulator,
  startGitHubJob,
} from "@bot-join/emulator";
import { parseResources } from "@bot-join/resources";
import { systemClock } from "@bot-join/runner";
import type { OwnProgram } from "../own-program.ts";
import { runChild } from "./child.ts";
import { demo, demoResources } from "./resources.ts";
import { type DemoSshd, findProgram, startSshd } from "./sshd.ts";
import { commandToType, stepCommand } from "./steps.ts";
import { explainAdmission, type JoinEvent, jobLog } from "./story.ts";

/** What the demo takes from its process. */
export interface DemoOptions {
  /** Leave the cluster running until Ctrl-C. */
  keep: boolean;
  interrupted: AbortSignal;
  /** What this process runs from: its steps are further processes of it. */
  program: OwnProgram;
  environment: Readonly<Record<string, string | undefined>>;
  print(line: string): void;
}

function failed(message: string, hint: string): BotJoinError {
  return new BotJoinError({ code: "ERR_DEMO_FAILED", kind: "internal", message, hint });
}

/** Plays the main job on this machine and tells it. Throws `ERR_DEMO_FAILED` when a step does not work, or is interrupted. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "bot-join-demo-")));
  try {
    await play(options, folder);
  } catch (error) {
    if (!options.interrupted.aborted) throw error;
    throw failed("The demo was interrupted.", "Everything it made was removed.");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function play(options: DemoOptions, folder: string): Promise<void> {
  const { print } = options;
  const login = await loginName(options);
  const events: JoinEvent[] = [];
  const time = stopwatch();

  print("A GitHub job joins a Teleport cluster and opens SSH. All of it happens on this machine.");
  await using emulator = await startEmulator({
    clusterName: demo.cluster,
    resources: parseResources(demoResources(login), "the demo's resources"),
    clock: systemClock,
    onEvent: (event: EmulatorEvent) => void (event.type === "join" && events.push(event)),
  });
  print(`\n1. A cluster${time()}`);
  print(`   ${demo.cluster}, an emulated Teleport, at ${emulator.proxyAddress}`);
  print(`   bot ${demo.bot}, role ${demo.role} (login ${login}), join token ${demo.token}`);

  await using job = await startGitHubJob({
    issuer: emulator.issuer(demo.issuer),
    clock: systemClock,
    directory: folder,
    claims: { repository: demo.repository, environment: demo.environment },
  });
  print(`\n2. A GitHub job${time()}`);
  print(
    `   repository ${demo.repository}, environment ${demo.environment}, with its token endpoint and command files`,
  );

  const outputs = await joinAsRunner(options, emulator, job, folder);
  print("   Why the cluster let it in:");
  for (const line of explainAdmission(events, demo.token)) print(`   | ${line}`);

  await using node = await startNode(options, emulator, folder);
  const command = node === undefined ? undefined : await openShell(options, node, outputs, login);
  if (options.keep) await keepRunning(options, emulator, outputs, command);
  await runPostStep(options, job);
  print("\nEverything worked, and nothing is left of it.");
}

/** The name of the user who runs the demo; the engine of an executable does not know it where USER is not set. */
async function loginName(options: DemoOptions): Promise<string> {
  const { username } = userInfo();
  if (options.program.kind === "bundles" || options.environment["USER"] !== undefined) return username;
  const answer = await runChild("id", ["-un"], {
    env: childEnvironment(options, {}),
    signal: options.interrupted,
  }).catch(() => undefined);
  return answer?.stdout.trim() || username;
}

/** Says how long it was since it was last asked. */
function stopwatch(): () => string {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const text = ` (${formatDuration(now - last)})`;
    last = now;
    return text;
  };
}

function childEnvironment(options: DemoOptions, job: Record<string, string>): Record<string, string> {
  const { PATH = "", HOME = "" } = options.environment;
  return { PATH, HOME, ...job };
}

async function joinAsRunner(
  options: DemoOptions,
  emulator: Emulator,
  job: GitHubJob,
  folder: string,
): Promise<Record<string, string>> {
  const { print } = options;
  const caFile = join(folder, "web-ca.pem");
  await writeFile(caFile, emulator.webCaPem);
  const inputs = { proxy: emulator.proxyAddress, token: demo.token, "ca-file": caFile };
  const { name, program, args } = stepCommand("join", options.program);
  print(`\n3. The job runs the action: ${name}, as GitHub's runner starts it`);
  const result = await runChild(program, args, {
    env: childEnvironment(options, { ...job.env, ...job.inputsEnv(inputs) }),
    signal: options.interrupted,
  });
  for (const line of jobLog(result.stdout)) print(`   | ${line}`);
  if (result.status !== 0)
    throw failed(`${name} ended with status ${result.status}.\n${result.stderr}`, "The lines above say why.");
  const outputs = job.readOutputs();
  print("   Later steps find, beside the step's outputs:");
  for (const [name, value] of Object.entries(job.readExports())) print(`   | ${name}=${value}`);
  return outputs;
}

/** Starts a node that is a real sshd and makes it known to the cluster; undefined where a program is missing. */
async function startNode(
  options: DemoOptions,
  emulator: Emulator,
  folder: string,
): Promise<DemoSshd | undefined> {
  const { print, environment } = options;
  print("\n4. The next step runs ssh");
  const sshd = findProgram("sshd", environment["PATH"]);
  const ssh = findProgram("ssh", environment["PATH"]);
  if (ssh === undefined || sshd === undefined) {
    const [name, source] = ssh === undefined ? ["ssh", "openssh-client"] : ["sshd", "openssh-server"];
    print(`   left out: ${name} is not installed (Debian: apt-get install ${source})`);
    return undefined;
  }
  const server = await startSshd(sshd, join(folder, "sshd"), {
    userCaPublicKeys: emulator.userCaPublicKeys,
    signHostKey: (key) => emulator.signHostKey(key, [`${demo.node}.${demo.cluster}`, demo.node]),
  });
  emulator.addNode({ hostname: demo.node, uuid: randomUUID(), address: server.address });
  return server;
}

/** Runs `id` on the node through the proxy, with nothing but the files of the join; gives the command line for a shell. */
async function openShell(
  options: DemoOptions,
  node: DemoSshd,
  outputs: Record<string, string>,
  login: string,
): Promise<string> {
  const { print } = options;
  const target = `${login}@${demo.node}.${demo.cluster}`;
  const sshConfig = outputs["ssh-config"] ?? "";
  const time = stopwatch();
  print(`   $ ssh -F "$TELEPORT_SSH_CONFIG" ${target} id`);
  const result = await runChild("ssh", ["-F", sshConfig, "-o", "BatchMode=yes", target, "id"], {
    env: childEnvironment(options, {}),
    signal: options.interrupted,
  });
  for (const line of `${result.stdout}${result.stderr}`.trimEnd().split("\n")) print(`   | ${line}`);
  if (result.status !== 0) {
    throw failed(
      `ssh ended with status ${result.status}. sshd says:\n${node.log().trim()}`,
      "The lines above say why.",
    );
  }
  print(`   through the ProxyCommand and the proxy into a real sshd at ${node.address}${time()}`);
  return `ssh -F ${sshConfig} ${target}`;
}

/** Says what can be typed now, and waits for Ctrl-C. */
async function keepRunning(
  { print, interrupted, program }: DemoOptions,
  emulator: Emulator,
  outputs: Record<string, string>,
  command: string | undefined,
): Promise<void> {
  print("\nThe cluster goes on. In another terminal:");
  if (command !== undefined) print(`   ${command}`);
  print(`   ls -l ${outputs["directory"]}`);
  print(`   curl --insecure https://${emulator.proxyAddress}/webapi/find`);
  print(`   ${commandToType(program)} start --help`);
  print("Ctrl-C ends it and removes everything.");
  if (!interrupted.aborted)
    await new Promise((resolve) => interrupted.addEventListener("abort", resolve, { once: true }));
}

/** Runs the action's post step and checks that it left nothing of the identity. */
async function runPostStep(options: DemoOptions, job: GitHubJob): Promise<void> {
  const { print } = options;
  const directory = job.readOutputs()["directory"] ?? "";
  const { name, program, args } = stepCommand("cleanup", options.program);
  print(`\n5. The job ends: ${name}, the action's post step`);
  const result = await runChild(program, args, {
    env: childEnvironment(options, job.postEnv()),
    signal: new AbortController().signal,
  });
  for (const line of jobLog(result.stdout)) print(`   | ${line}`);
  if (result.status !== 0 || existsSync(directory))
    throw failed("The post step left files behind.", result.stderr);
}
