import { isBotJoinError } from "@bot-join/core";
import { checkToken, type ResourceReport, safeTokenName, type TokenResource } from "@bot-join/resources";
import { failureText, systemClock } from "@bot-join/runner";
import { readTextFile, sourceName } from "../../read-text-file.ts";
import { printable, textTable } from "../../text-table.ts";
import { ruleCount } from "./rule-place.ts";

/** Exit statuses of commands that judge. */
export const verdictStatus = { fine: 0, refused: 1, unusable: 2 } as const;

/** How many findings a table lists: nobody reads more, and JSON has them all. */
const maxListed = 200;

/** Flags of `tokens check`. */
export interface CheckFlags {
  strict?: boolean;
  serverVersion?: string;
  format: "text" | "json";
}

interface CheckedFile {
  file: string;
  report: ResourceReport;
  /** Why nothing in the file could be judged. */
  unusable?: string;
}

/** Checks files of provision tokens, prints what is wrong with them and gives the exit status. */
export async function checkFiles(
  files: readonly string[],
  flags: CheckFlags,
  print: (text: string) => void,
): Promise<number> {
  const checked: CheckedFile[] = [];
  for (const file of files) checked.push(await checkFile(file, flags));
  print(
    flags.format === "json" ? `${JSON.stringify(jsonOf(checked, flags), undefined, 2)}\n` : textOf(checked),
  );
  return Math.max(...checked.map((each) => statusOf(each, flags)));
}

async function checkFile(path: string, { serverVersion }: CheckFlags): Promise<CheckedFile> {
  const file = sourceName(path);
  let text: string;
  try {
    text = await readTextFile(path);
  } catch (error) {
    if (!isBotJoinError(error)) throw error;
    return { file, report: { resources: [], problems: [], warnings: [] }, unusable: failureText(error) };
  }
  const report = checkToken(text, file, {
    now: systemClock.now(),
    ...(serverVersion !== undefined && { serverVersion }),
  });
  if (report.unreadable !== undefined) return { file, report, unusable: report.unreadable };
  if (report.problems.length === 0 && tokensOf(report).length === 0)
    return { file, report, unusable: `${file} holds no provision token.` };
  return { file, report };
}

function statusOf({ report, unusable }: CheckedFile, { strict }: CheckFlags): number {
  if (unusable !== undefined) return verdictStatus.unusable;
  const refused = report.problems.length > 0 || (strict === true && report.warnings.length > 0);
  return refused ? verdictStatus.refused : verdictStatus.fine;
}

function tokensOf({ resources }: ResourceReport): TokenResource[] {
  return resources.filter((resource) => resource.kind === "token");
}

function textOf(checked: readonly CheckedFile[]): string {
  const tokens = checked.flatMap(({ file, report }) => tokensOf(report).map((token) => ({ file, token })));
  const parts: string[] = [];
  if (tokens.length > 0) {
    const rows = tokens.map(({ file, token }) => [
      safeTokenName(token),
      token.joinMethod,
      token.botName ?? token.roles.join(", "),
      String(ruleCount(token) ?? "none"),
      token.expires?.toISOString().replace(/\.\d+Z$/, "Z") ?? "never",
      file,
    ]);
    parts.push(textTable(["TOKEN", "METHOD", "ADMITS", "RULES", "EXPIRES", "FILE"], rows));
  }
  const findings = checked.flatMap(({ report }) => [
    ...report.problems.map((problem) => ({ level: "error", ...problem })),
    ...report.warnings.map((problem) => ({ level: "warning", ...problem })),
  ]);
  if (findings.length > 0) {
    const rows = findings
      .slice(0, maxListed)
      .map(({ level, source, line, column, path, message }) => [
        `${source}:${line}:${column}`,
        level,
        path,
        message,
      ]);
    const more = findings.length - rows.length;
    const rest = more === 0 ? "" : `… and ${more} more (--format json has them all)\n`;
    parts.push(`${textTable(["PLACE", "LEVEL", "KEY", "WHAT"], rows)}${rest}`);
  }
  const unread = checked.flatMap(({ unusable, report }) =>
    unusable === undefined || report.unreadable !== undefined ? [] : [unusable.split("\n").map(printable)],
  );
  if (unread.length > 0) parts.push(`${unread.flat().join("\n")}\n`);
  parts.push(`${summaryOf(checked, tokens.length)}\n`);
  return parts.join("\n");
}

function summaryOf(checked: readonly CheckedFile[], tokens: number): string {
  const errors = checked.reduce((sum, { report }) => sum + report.problems.length, 0);
  const warnings = checked.reduce((sum, { report }) => sum + report.warnings.length, 0);
  const unusable = checked.filter((each) => each.unusable !== undefined).length;
  return [
    `${tokens} ${tokens === 1 ? "token" : "tokens"} fine`,
    `${errors} ${errors === 1 ? "error" : "errors"}`,
    `${warnings} ${warnings === 1 ? "warning" : "warnings"}`,
    ...(unusable === 0 ? [] : [`${unusable} ${unusable === 1 ? "file" : "files"} unusable`]),
  ].join(", ");
}

function jsonOf(checked: readonly CheckedFile[], flags: CheckFlags): object {
  return {
    status: Math.max(...checked.map((each) => statusOf(each, flags))),
    files: checked.map(({ file, report, unusable }) => ({
      file,
      tokens: tokensOf(report).map((token) => ({
        name: safeTokenName(token),
        join_method: token.joinMethod,
        roles: token.roles,
        bot_name: token.botName,
        rules: ruleCount(token),
        expires: token.expires?.toISOString(),
      })),
      errors: report.problems.map(({ source: _source, ...problem }) => problem),
      warnings: report.warnings.map(({ source: _source, ...problem }) => problem),
      unusable,
    })),
  };
}
