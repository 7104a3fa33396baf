import { join } from "node:path";
import type { SshProxy } from "./context.ts";

/** Where the copied bundle of the ProxyCommand lies in the output directories that need it. */
export const sshProxyFile = "ssh-proxy.cjs";

/** The program with its bundle in an output's directory, where later steps find it. */
export function programIn(directory: string, program: SshProxy): SshProxy {
  return program.kind === "bundle" ? { ...program, script: join(directory, sshProxyFile) } : program;
}
