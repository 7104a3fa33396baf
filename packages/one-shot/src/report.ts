/** Who the job became and where its files are: facts and paths, never a secret. */
export interface JoinReport {
  cluster: string;
  bot: string;
  botInstanceId: string | undefined;
  roles: string[];
  /** Logins that a person could use with ssh. */
  logins: string[];
  expiresAt: Date;
  directory: string;
  /** Absolute paths. */
  files: string[];
  identityFile: string;
  sshConfig: string | undefined;
  knownHosts: string | undefined;
  serverVersion: string;
  proxy: string;
}

/** RFC 3339 in UTC with whole seconds. */
export function formatTime(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** The outputs of the action and of the command line (architecture page, section 6). */
export function reportOutputs(report: JoinReport): Record<string, string> {
  return {
    directory: report.directory,
    "destination-dir": report.directory,
    "identity-file": report.identityFile,
    "ssh-config": report.sshConfig ?? "",
    "known-hosts": report.knownHosts ?? "",
    kubeconfig: "",
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
    ["Files", report.directory],
  ];
}
