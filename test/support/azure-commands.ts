/** One logging command of a task or a script. */
export interface LoggingCommand {
  /** `task.setvariable` and so on. */
  name: string;
  properties: Readonly<Record<string, string>>;
  data: string;
}

const prefix = "##vso[";

function unescapeWith(table: readonly (readonly [string, string])[], text: string): string {
  return table.reduce((rest, [from, to]) => rest.replaceAll(from, to), text);
}

const dataEscapes = [
  ["%0D", "\r"],
  ["%0A", "\n"],
  ["%AZP25", "%"],
] as const;
const propertyEscapes = [["%5D", "]"], ["%3B", ";"], ...dataEscapes] as const;

/** Reads a line as the agent does: a command may begin anywhere in it (platform-plugins.md section 8.2). */
export function parseLoggingCommand(line: string): LoggingCommand | undefined {
  const start = line.toLowerCase().indexOf(prefix);
  if (start < 0) return undefined;
  const end = line.indexOf("]", start);
  if (end < 0) return undefined;
  const [name = "", ...rest] = line.slice(start + prefix.length, end).split(" ");
  const properties = rest
    .join(" ")
    .split(";")
    .filter((property) => property.includes("="))
    .map((property) => {
      const at = property.indexOf("=");
      return [
        property.slice(0, at).trim().toLowerCase(),
        unescapeWith(propertyEscapes, property.slice(at + 1)),
      ];
    });
  return {
    name: name.toLowerCase(),
    properties: Object.fromEntries(properties),
    data: unescapeWith(dataEscapes, line.slice(end + 1)),
  };
}

/** What a task with restricted commands may do; for others the agent does nothing and warns. */
export const restrictedCommands: readonly string[] = [
  "task.complete",
  "task.debug",
  "task.logdetail",
  "task.logissue",
  "task.prependpath",
  "task.setprogress",
  "task.setsecret",
  "task.settaskvariable",
  "task.setvariable",
  "task.issue",
];
