import { BotJoinError, nearestSpelling } from "@bot-join/core";
import { refusedOutputs } from "@bot-join/one-shot";
import { findInput } from "@bot-join/runner";
import type { Command } from "commander";
import { tbotFlags } from "./tbot-flags.ts";
import { type OutputObject, refusedForms, type TbotForm, tbotForms } from "./tbot-outputs.ts";

/** What a command line says about a join. */
export interface JoinFlags {
  /** By input name. */
  inputs: Record<string, string>;
  /** The output of a form, without its destination; undefined where no form was named. */
  output: OutputObject | undefined;
  /** Where its files go, a path or a URI. */
  destination: string | undefined;
  /** Undefined: not said. */
  oneshot: boolean | undefined;
  /** How the outputs are printed. */
  format: "text" | "json";
  /** Flags that have no effect here, by name. */
  idle: ReadonlyMap<string, string>;
}

/** What commander collects, by the camel-case name of a flag. */
type CommandValues = Readonly<Record<string, string | boolean | string[] | undefined>>;

/** Makes the error of a command line that cannot be used. */
export function usage(message: string, hint: string): BotJoinError {
  return new BotJoinError({ code: "ERR_CLI_FLAG", kind: "user", message, hint });
}

/**
 * Reads what `addJoinOptions` has added and the form that was named. Throws `ERR_CLI_FLAG` for a form or a flag that cannot be, two
 * names of one input, and a flag that the form needs or that belongs to another one.
 */
export function readJoinFlags(command: Command, formName: string | undefined): JoinFlags {
  const given = new Map(
    Object.entries(command.opts() as CommandValues).flatMap(([camel, value]): [string, string[]][] =>
      value === undefined ? [] : [[kebab(camel), [value].flat().map(String)]],
    ),
  );
  const form = findForm(command.name(), formName ?? "legacy");
  for (const flag of tbotFlags) {
    if ("refused" in flag && given.has(flag.name) && given.get(flag.name)?.[0] !== "false")
      throw usage(`--${flag.name} cannot be used: ${flag.refused}.`, "Leave it out.");
  }
  const formats = formatsOf(given, form);
  const output = outputOf(given, form, formats.file);
  const inputs = inputsOf(given, form, output);
  const destination = inputs["directory"];
  // The form legacy is what no form is: outputs of a tbot.yaml stay.
  const isDescribed = form.name !== "legacy" || Object.keys(output).length > 1;
  return {
    inputs,
    output: isDescribed || hasScheme(destination) ? output : undefined,
    destination,
    oneshot: given.has("oneshot") ? given.get("oneshot")?.[0] === "true" : undefined,
    format: formats.print,
    idle: new Map(
      tbotFlags.flatMap((flag) => {
        const value = given.get(flag.name)?.[0];
        return "noEffect" in flag && value !== undefined ? [[flag.name, value] as const] : [];
      }),
    ),
  };
}

/** Why the flags that are `idle` have no effect, as lines of the log. */
export function idleNotices({ idle }: JoinFlags): string[] {
  return tbotFlags.flatMap((flag) =>
    "noEffect" in flag && idle.has(flag.name) ? [`--${flag.name} has no effect: ${flag.noEffect}.`] : [],
  );
}

/** Tells a URI from a path. */
function hasScheme(destination: string | undefined): boolean {
  return /^[a-z][a-z0-9+-]*:\/\//i.test(destination ?? "");
}

function findForm(command: string, name: string): TbotForm {
  const form = tbotForms.find((each) => each.name === name || each.aliases.includes(name));
  if (form !== undefined) return form;
  const names = tbotForms.flatMap((each) => [each.name, ...each.aliases]);
  const reason = refusedOutputs[name] ?? refusedForms[name];
  if (reason !== undefined)
    throw usage(`${command} ${name}: this is not possible: ${reason}.`, `There are ${names.join(", ")}.`);
  const near = nearestSpelling(name, names);
  throw usage(
    `${command} ${name}: there is no such output.`,
    `${near === undefined ? "" : `Did you mean ${near}? `}There are ${names.join(", ")}.`,
  );
}

/** `--format` is about what is printed and, for a database, about its files; the values tell which. */
function formatsOf(
  given: ReadonlyMap<string, string[]>,
  form: TbotForm,
): { print: "text" | "json"; file: string | undefined } {
  const ofFiles = form.type === "database" ? ["tls", "mongo", "cockroach"] : [];
  const ofPrint = ["text", "json"];
  const values = given.get("format") ?? [];
  for (const value of values) {
    if (ofFiles.includes(value) || ofPrint.includes(value)) continue;
    const allowed = [...ofPrint, ...ofFiles];
    const near = nearestSpelling(value, allowed);
    throw usage(
      `--format ${value}: there is no such format.`,
      `${near === undefined ? "" : `Did you mean ${near}? `}It is one of ${allowed.join(", ")}.`,
    );
  }
  const last = (allowed: string[]): string | undefined => values.findLast((value) => allowed.includes(value));
  return { print: last(ofPrint) === "json" ? "json" : "text", file: last(ofFiles) };
}

function outputOf(
  given: ReadonlyMap<string, string[]>,
  form: TbotForm,
  format: string | undefined,
): OutputObject {
  const output: OutputObject = { type: form.type };
  const own = form.flags.map(({ name }) => name);
  if (given.has("allow-reissue") && form.type !== "identity")
    throw usage("--allow-reissue belongs to an output of type identity.", "Leave it out.");
  for (const { name, flags } of tbotForms) {
    const foreign = flags.find((flag) => given.has(flag.name) && !own.includes(flag.name));
    if (foreign !== undefined)
      throw usage(
        `--${foreign.name} does not belong to an output of type ${form.type}.`,
        `It is a flag of \`start ${name}\`.`,
      );
  }
  for (const flag of form.flags) {
    const values = given.get(flag.name);
    if (values !== undefined) flag.put(output, values);
    else if (flag.required)
      throw usage(`--${flag.name} is missing: ${flag.help}.`, `The form ${form.name} needs it.`);
  }
  if (format !== undefined) output["format"] = format;
  const audiences = given.get("audience");
  if (form.type === "workload-identity-jwt" && audiences !== undefined) output["audiences"] = audiences;
  return output;
}

function inputsOf(
  given: ReadonlyMap<string, string[]>,
  form: TbotForm,
  output: OutputObject,
): Record<string, string> {
  const inputs: Record<string, string> = {};
  for (const [flag, values] of given) {
    const shared = tbotFlags.find(({ name }) => name === flag);
    const name = shared !== undefined && "input" in shared ? shared.input : flag;
    if (findInput(name) === undefined || (name === "audience" && output["audiences"] !== undefined)) continue;
    if (inputs[name] !== undefined)
      throw usage(`--${flag}: the same as --${name}, and both were given.`, "Give one of them.");
    inputs[name] = values.join(",");
  }
  if (inputs["outputs"] !== undefined && form.name !== "legacy")
    throw usage(`--outputs: the form ${form.name} has an output already.`, "Give the form, or --outputs.");
  return inputs;
}

/** commander hands flags over in camel case; ours are named as the inputs are. */
function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
