import type { Emulator } from "@bot-join/emulator";

/** A job of one CI platform, as its example tells people to write it. */
export interface PlatformCase {
  /** What the test is called. */
  name: string;
  /** The platform as `examples/` has it, such as `gitlab` or `azure-devops`. */
  platform: string;
  /** The folder of the example, below the repository. */
  example: string;
  /** Runs the example's own steps to their end, clean-up included. */
  run(job: PlatformJob): Promise<PlatformRun>;
}

/** What a job has at its start. */
export interface PlatformJob {
  emulator: Emulator;
  /** Folder of what `npm run pack` made of the working tree. */
  release: string;
  /** Base URL of a web server on loopback that serves the programs of the release. */
  downloadUrl: string;
  /** A fresh ID token of the platform's issuer, which opens the example's join token unless the claims say otherwise. */
  idToken(claims?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Everything that the job may write lies below it; `home` and `tmp` are there. */
  directory: string;
  /** PATH with a Node on it, HOME, TMPDIR, and BOT_JOIN_CA_FILE, by which the proxy is trusted. */
  environment: Record<string, string>;
  /** host:port */
  proxy: string;
  /** Name of a node of the cluster that runs a real sshd. */
  node: string;
  /** The login that the node gives a shell to. */
  login: string;
  /**
   * Puts this job's proxy, node and login in the place of those that all examples have (`example.teleport.sh:443`,
   * `web-1.example.teleport.sh`, `deploy`), and a command that prints the login in the place of `./deploy`.
   */
  fit(text: string): string;
  /** Says that what lies in the directory now was there before the job, such as its checkout. */
  prepared(): void;
}

/** How the steps of a job ended. */
export interface PlatformRun {
  /** That of the first step that failed, or 0. */
  exitCode: number;
  /** Standard output and standard error of all steps, in order. */
  output: string;
  /** What the step with ssh printed. */
  sshOutput: string;
}
