import { tmpdir } from "node:os";
import * as commands from "@actions/core";
import { describeError, maskableParts } from "@bot-join/core";
import { defuseCommands } from "./defuse.ts";
import { failureText } from "./failure-text.ts";
import { kindRules } from "./parse-value.ts";
import { readGitHubInputs } from "./raw-inputs.ts";
import type { Runner, SummaryRow } from "./runner.ts";

/** Makes the runner of a GitHub Actions step; it speaks through `@actions/core`, which uses `process.env` and stdout. */
export function createGitHubRunner(): Runner {
  const inputs = readGitHubInputs(process.env);
  const info = (message: string): void => commands.info(defuseCommands(message));
  // GitHub hides debug lines unless the whole run is one for debugging; the input asks for them in this step.
  const verbose = isTrue(inputs["debug"]) && !commands.isDebug();
  const log = {
    debug: (message: string): void => (verbose ? info(message) : commands.debug(message)),
    info,
    warn: (message: string): void => commands.warning(message, { title: "bot-join" }),
  };
  return {
    name: "github",
    environment: process.env,
    log,
    inputs: (below) => readGitHubInputs(process.env, below),
    mask(secret) {
      for (const part of maskableParts(secret)) commands.setSecret(part);
    },
    setOutput: (name, value) => commands.setOutput(name, value),
    exportVariable: (name, value) => commands.exportVariable(name, value),
    saveState: (name, value) => commands.saveState(name, value),
    getState: (name) => commands.getState(name) || undefined,
    temporaryDirectory: () => process.env["RUNNER_TEMP"] || tmpdir(),
    async summary(title, rows) {
      try {
        await commands.summary.addHeading(escapeHtml(title), 3).addTable(tableCells(rows)).write();
      } catch (error) {
        // Old servers and local runners have no place for it; the log says the same.
        commands.summary.emptyBuffer();
        log.debug(`No job summary was written: ${describeError(error)}`);
      }
    },
    fail(error) {
      commands.error(failureText(error), { title: "bot-join" });
      process.exitCode = 1;
    },
  };
}

function isTrue(text: string | undefined): boolean {
  return kindRules.boolean.parse(text?.trim() ?? "", { name: "", kind: "boolean", help: "" }) === true;
}

function tableCells(rows: readonly SummaryRow[]): ReturnType<typeof cell>[][] {
  return rows.map(([name, value]) => [cell(name, true), cell(value, false)]);
}

function cell(text: string, header: boolean): { data: string; header: boolean } {
  return { data: escapeHtml(text), header };
}

/** The summary is Markdown with HTML in it: a blank line would end the table, and names come from the cluster. */
function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
  };
  return text.replace(/[&<>"]/g, (sign) => entities[sign] ?? sign).replace(/\s+/g, " ");
}
