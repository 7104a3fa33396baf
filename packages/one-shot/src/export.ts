import type { Run } from "./context.ts";
import { plannedVariables } from "./exported-variables.ts";
import { type JoinReport, reportOutputs, reportRows } from "./report.ts";

/** Hands the identity to later steps, once every file is in place: outputs, variables, summary, and the last lines of the log. */
export async function exportReport(run: Run, report: JoinReport): Promise<void> {
  const { runner } = run.context;
  for (const [name, value] of Object.entries(reportOutputs(report))) runner.setOutput(name, value);
  for (const { name, set } of plannedVariables(run)) runner.exportVariable(name, set);
  const rows = reportRows(report);
  for (const [name, value] of rows) runner.log.info(`  ${name.padEnd(14)}${value}`);
  await runner.summary(`Joined ${report.cluster} as ${report.bot}`, rows);
}
