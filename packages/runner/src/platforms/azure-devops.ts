import type { ShellPlatform } from "./shell-platform.ts";

/** A script step of Azure Pipelines; the task has a runner of its own. */
export const azureDevops: ShellPlatform = {
  name: "azure_devops",
  temporaryDirectories: (environment) => [environment["AGENT_TEMPDIRECTORY"]],
  jobKey: ["SYSTEM_PLANID", "SYSTEM_JOBID"],
  exportCommand: (name, value) => `##vso[task.setvariable variable=${name}]${escapeData(value)}`,
  maskCommand: (text) => (/[\r\n]/.test(text) ? undefined : `##vso[task.setsecret]${escapeData(text)}`),
};

/** Writes the data of a logging command (platform-plugins.md section 8.2). */
function escapeData(text: string): string {
  return text.replaceAll("%", "%AZP25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
