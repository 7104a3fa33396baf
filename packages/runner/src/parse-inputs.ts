import { nearestSpelling } from "@bot-join/core";
import { completeInputs, type Inputs } from "./complete-inputs.ts";
import { type DropIn, type DropInInput, dropInOutputs } from "./drop-ins.ts";
import { RunnerError } from "./errors.ts";
import { exclusiveInputs, findInput, type InputDefinition, inputTable, nearestInputName } from "./inputs.ts";
import { type InputValue, kindRules } from "./parse-value.ts";

/** The inputs as texts, by name; unknown names included. */
export type RawInputs = Readonly<Record<string, string>>;

/**
 * Reads all inputs. White space around a value does not count, and an empty value is one that was not given.
 * Throws one `ERR_INPUT_INVALID` that lists every problem: what is missing, malformed, unknown (when it looks like
 * a misspelt name) or contradictory. The values of secrets are never shown. The inputs that only a drop-in action has
 * make its `outputs`.
 */
export function parseInputs(raw: RawInputs, dropIn?: DropIn): Inputs {
  const own = dropIn?.inputs ?? [];
  const isOwn = (name: string): boolean => own.some((input) => input.name === name);
  const given = collect(Object.fromEntries(Object.entries(raw).filter(([name]) => !isOwn(name))));
  const wanted = collectOwn(own, raw);
  const problems = [
    ...given.problems,
    ...wanted.problems,
    ...missing(given.values),
    ...contradictions(given.values),
  ];
  if (problems.length > 0) throw inputsInvalid(problems);
  if (dropIn !== undefined) given.values.set("outputs", dropInOutputs(dropIn, wanted.values));
  return completeInputs(given.values, given.notices);
}

/** Reads the inputs that describe the output of a drop-in action. */
function collectOwn(
  inputs: readonly DropInInput[],
  raw: RawInputs,
): { values: Map<string, string>; problems: string[] } {
  const values = new Map<string, string>();
  const problems: string[] = [];
  for (const { name, required, choices, help } of inputs) {
    const text = raw[name]?.trim() ?? "";
    if (text === "" && required) problems.push(`${name}: missing. ${help}`);
    if (text === "") continue;
    values.set(name, text);
    if (choices?.includes(text) === false)
      problems.push(
        `${name}: ${show(text)} cannot be used. Allowed: ${choices.join(", ")}.${guessAt(text, choices)}`,
      );
  }
  return { values, problems };
}

interface Collected {
  /** Undefined: given, but of no use. */
  values: Map<string, InputValue | undefined>;
  problems: string[];
  notices: string[];
}

function collect(raw: RawInputs): Collected {
  const collected: Collected = { values: new Map(), problems: [], notices: [] };
  for (const [name, untrimmed] of Object.entries(raw)) {
    const text = untrimmed.trim();
    if (text === "") continue;
    const definition = findInput(name);
    if (definition === undefined) reportUnknown(name, collected);
    else take(name, text, definition, collected);
  }
  return collected;
}

function take(name: string, text: string, definition: InputDefinition, into: Collected): void {
  const rule = kindRules[definition.kind];
  const value = rule.parse(text, definition);
  if (into.values.has(definition.name)) {
    into.problems.push(
      `${name}: given twice, as ${[definition.name, ...(definition.aliases ?? [])].join(" and as ")}`,
    );
    return;
  }
  into.values.set(definition.name, value);
  if (value === undefined) {
    const guess = guessAt(text, definition.choices ?? []);
    into.problems.push(
      `${name}: ${show(text)} cannot be used. Allowed: ${rule.allowed(definition)}.${guess}`,
    );
    return;
  }
  if (name === "anonymous-telemetry") {
    into.notices.push("The input anonymous-telemetry has no effect: bot-join sends no telemetry.");
  }
}

function guessAt(text: string, choices: readonly string[]): string {
  const nearest = nearestSpelling(text, choices);
  return nearest === undefined ? "" : ` Did you mean ${nearest}?`;
}

/**
 * A workflow may set variables named INPUT_… for purposes of its own, which look just like inputs: only names that
 * are nearly one of ours are errors. GitHub itself warns of the others.
 */
function reportUnknown(name: string, into: Collected): void {
  const nearest = nearestInputName(name);
  if (nearest === undefined) into.notices.push(`${show(name)} is no input of bot-join and was ignored.`);
  else into.problems.push(`${show(name)}: there is no such input. Did you mean ${nearest}?`);
}

function missing(values: Collected["values"]): string[] {
  return inputTable
    .filter(
      ({ name, required, requiredUnless = name }) =>
        required && !values.has(name) && !values.has(requiredUnless),
    )
    .map(({ name, help }) => `${name}: missing. ${help}`);
}

function contradictions(values: Collected["values"]): string[] {
  const isOn = (name: string): boolean => (values.get(name) ?? false) !== false;
  return exclusiveInputs.flatMap(({ names, why }) => {
    const on = names.filter(isOn);
    return on.length > 1 ? [`${on.join(", ")}: only one of these can be given, since ${why}`] : [];
  });
}

function inputsInvalid(problems: string[]): RunnerError {
  const count = problems.length === 1 ? "One input" : `${problems.length} inputs`;
  return new RunnerError({
    code: "ERR_INPUT_INVALID",
    kind: "user",
    message: [
      `${count} cannot be used, and nothing was sent yet:`,
      ...problems.map((problem) => `- ${problem}`),
    ].join("\n"),
    hint: "Correct the inputs under with: of the step, the flags, the BOT_JOIN_… variables or the tbot.yaml.",
    details: { problems },
  });
}

/** Quotes a value on one line, shortened; what looks like a token, pasted into the wrong input, stays hidden. */
function show(value: string): string {
  if (/eyJ[A-Za-z0-9_-]{6,}/.test(value)) return "[redacted]";
  return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
}
