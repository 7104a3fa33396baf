import { switchNames } from "./join-options.ts";

/** The commands that take tbot's flags. */
const commands = ["start", "configure"];

/** tbot's global flags that have a value (outputs.md section 10.1). */
const globalsWithValue = ["-c", "--config", "--config-string", "--log-format", "--trace-exporter"];

/** Those that have none, with their opposites. */
const globalSwitches = ["-d", "--debug", "--fips", "--insecure", "--trace"].flatMap((flag) => [
  flag,
  flag.replace(/^--/, "--no-"),
]);

/**
 * Rewrites a command line of tbot's into one that commander reads the same way: global flags may stand before the command, and a
 * switch takes no word after it for its value unless that is one.
 */
export function normalizeArguments(args: readonly string[]): string[] {
  const globals = leadingGlobals(args);
  const rest = args.slice(globals.length);
  if (!commands.includes(rest[0] ?? "")) return [...args];
  return [...rest, ...globals].flatMap((arg, index, all) => {
    const isSwitch = arg === "-d" || switchNames.some((name) => arg === `--${name}`);
    const next = all[index + 1] ?? "";
    if (!isSwitch || next === "" || next.startsWith("-") || /^(true|false|1|0)$/i.test(next)) return [arg];
    return [arg === "-d" ? "--debug=true" : `${arg}=true`];
  });
}

/** The global flags before the command. */
function leadingGlobals(args: readonly string[]): string[] {
  const globals: string[] = [];
  while (globals.length < args.length) {
    const [arg = "", value] = args.slice(globals.length);
    const [name = ""] = arg.split("=");
    if (globalsWithValue.includes(arg) && value !== undefined) globals.push(arg, value);
    else if (globalSwitches.includes(name) || globalsWithValue.includes(name)) globals.push(arg);
    else break;
  }
  return globals;
}
