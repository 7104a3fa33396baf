import type { PlanPaths } from "./plan-paths.ts";

/** Who the job became and where its files are: facts and paths, never a secret. */
export interface JoinReport {
  cluster: string;
  bot: string;
  botInstanceId: string | undefined;
  roles: string[];
  /** Logins that a person could use with ssh. */
  logins: string[];
  /** When the first of the certificates ends. */
  expiresAt: Date;
  /** Of every output that is written, in their order; absolute. */
  directories: string[];
  /** Absolute paths. */
  files: string[];
  /** What of it is handed to later steps. */
  paths: PlanPaths;
  serverVersion: string;
  proxy: string;
}

/** RFC 3339 in UTC with whole seconds. */
export function formatTime(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** The outputs of the action and of the command line (architecture page, section 6). */
export function reportOutputs(report: JoinReport): Record<string, string> {
  const { directory, identityFile, sshConfig, knownHosts, kubeconfig, certificateFile, keyFile } =
    report.paths;
  return {
    directory: directory ?? "",
    "destination-dir": directory ?? "",
    "identity-file": identityFile ?? "",
    "ssh-config": sshConfig ?? "",
    "known-hosts": knownHosts ?? "",
    kubeconfig: kubeconfig ?? "",
    "certificate-file": certificateFile ?? "",
    "key-file": keyFile ?? "",
    cluster: report.cluster,
    bot: report.bot,
    "bot-instance-id": report.botInstanceId ?? "",
    roles: report.roles.join(","),
    logins: report.logins.join(","),
    "expires-at": formatTime(report.expiresAt),
  };
}

/** The same facts for a person, a name and a value a row. */
export function reportRows(report: JoinReport): [string, string][] {
  return [
    ["Cluster", `${report.cluster} (Teleport ${report.serverVersion})`],
    ["Bot", report.bot],
    ...(report.botInstanceId === undefined
      ? []
      : ([["Bot instance", report.botInstanceId]] as [string, string][])),
    ["Roles", report.roles.join(", ")],
    ["Logins", report.logins.length === 0 ? "none" : report.logins.join(", ")],
    ["Expires", formatTime(report.expiresAt)],
    ["Files", report.directories.join(", ")],
  ];
}
