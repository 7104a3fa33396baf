import { describeInput, type InputDefinition, inputTable } from "@bot-join/runner";
import { type Command, Option } from "commander";
import { tbotFlags } from "./tbot-flags.ts";
import { type FormFlag, tbotForms } from "./tbot-outputs.ts";

/** What a command line can hold of one flag. */
interface Flag {
  name: string;
  short?: string | undefined;
  isSwitch?: boolean | undefined;
  isRepeatable?: boolean | undefined;
  help: string;
  group: string;
  isHidden?: boolean;
}

/** The inputs that are flags. */
const flagInputs: readonly InputDefinition[] = inputTable.filter(({ gitHubOnly }) => gitHubOnly !== true);

/** Short forms that tbot has of our inputs. */
const shortForms: Readonly<Record<string, string>> = { debug: "d", config: "c" };

/** Inputs that a flag may give more than once. */
const repeatable = ["ca-pin", "audience"];

function inputFlags(): Flag[] {
  return flagInputs.map((input) => ({
    name: input.name,
    short: shortForms[input.name],
    isSwitch: input.kind === "boolean",
    isRepeatable: repeatable.includes(input.name),
    help: describeInput(input),
    group: "Inputs:",
  }));
}

/** One flag may belong to several forms. */
function formFlags(): Flag[] {
  const flags = new Map<string, { flag: FormFlag; forms: string[]; isRepeatable: boolean }>();
  for (const form of tbotForms) {
    for (const flag of form.flags) {
      const known = flags.get(flag.name);
      const isRepeatable = known?.isRepeatable === true || flag.isRepeatable === true;
      flags.set(flag.name, { flag, forms: [...(known?.forms ?? []), form.name], isRepeatable });
    }
  }
  return [...flags.values()].map(({ flag, forms, isRepeatable }) => ({
    name: flag.name,
    isSwitch: flag.isSwitch,
    isRepeatable,
    help: `${flag.help} (${forms.join(", ")})`,
    group: "What the output is:",
  }));
}

function sharedFlags(): Flag[] {
  return tbotFlags.map((flag) => ({
    ...flag,
    help:
      "input" in flag
        ? `tbot's name for --${flag.input}`
        : "noEffect" in flag
          ? `accepted from tbot's command line, without effect: ${flag.noEffect}`
          : `refused: ${flag.refused}`,
    group: "Of tbot:",
    isHidden: "refused" in flag,
  }));
}

/** Every flag that `start` and `configure` share. */
const joinFlagList: readonly Flag[] = [
  ...inputFlags(),
  ...formFlags(),
  {
    name: "format",
    isRepeatable: true,
    help: "how the outputs are printed, text or json; with database: tls, mongo or cockroach, too",
    group: "What the output is:",
  },
  ...sharedFlags(),
  { name: "oneshot", isSwitch: true, help: "join once and end; bot-join always does", group: "Of tbot:" },
];

/** The long names of the flags that need no value. */
export const switchNames: readonly string[] = joinFlagList
  .filter(({ isSwitch }) => isSwitch)
  .map(({ name }) => name);

/** Adds the flags that describe a join and its output. */
export function addJoinOptions(command: Command): void {
  for (const { name, short, isSwitch, isRepeatable, help, group, isHidden = false } of joinFlagList) {
    const value = isSwitch ? " [true|false]" : " <value>";
    const option = new Option(`${short === undefined ? "" : `-${short}, `}--${name}${value}`, help);
    if (isSwitch) option.preset("true");
    if (isRepeatable) option.argParser((given: string, before: string[] = []) => [...before, given]);
    command.addOption(option.helpGroup(group).hideHelp(isHidden));
    if (isSwitch) command.addOption(new Option(`--no-${name}`).hideHelp());
  }
}
