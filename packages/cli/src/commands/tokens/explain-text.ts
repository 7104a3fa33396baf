import { type FieldTrace, type RuleTrace, writeYaml } from "@bot-join/resources";
import { printable, textTable } from "../../text-table.ts";
import type { Explanation } from "./explain.ts";
import { rulesPath } from "./rule-place.ts";

/** How many refusing rules are shown in full: the nearest are what helps. */
const maxShownRules = 10;

/** Writes an explanation for a person. */
export function explanationText(explanation: Explanation): string {
  const { letIn, token, claims, preconditions, rules } = explanation;
  const bot = token.botName === undefined ? "" : `, bot ${token.botName}`;
  const named = printable(`Token ${token.name} (${token.joinMethod}${bot})`);
  const parts = [
    `${named} ${letIn ? "lets this ID token in" : "refuses this ID token"}.\n`,
    claims.length === 0
      ? `No claim of it is one that a rule of ${token.joinMethod} could name.\n`
      : `Who it says that you are, as far as a rule of ${token.joinMethod} can name it:\n\n${claimTable(claims)}`,
  ];
  if (preconditions.length > 0) {
    const rows = preconditions.map(({ what, wanted, found, passed }) => [
      what,
      wanted,
      found ?? "",
      passed ? "yes" : "NO",
    ]);
    parts.push(
      `Before any rule:\n\n${textTable(["WHAT", "WANTED", "FOUND", "FITS"], rows, { indent: "  " })}`,
    );
  }
  const shown = rulesToShow(rules);
  for (const rule of shown) parts.push(ruleText(rule, token.joinMethod));
  if (rules.length > shown.length)
    parts.push(
      `… and ${rules.length - shown.length} rules more, none nearer (--format json has them all).\n`,
    );
  if (!letIn) parts.push(adviceText(explanation));
  if (explanation.idTokenExpired !== undefined) {
    const when = explanation.idTokenExpired.toISOString();
    parts.push(`Note: this ID token ended at ${when}; a join needs a fresh one of the same job.\n`);
  }
  return parts.join("\n");
}

function claimTable(claims: Explanation["claims"]): string {
  const rows = claims.map(({ field, claim, value }) => [field, claim, [value].flat().join(", ")]);
  return textTable(["FIELD OF A RULE", "CLAIM", "VALUE"], rows, { indent: "  " });
}

function rulesToShow(rules: readonly RuleTrace[]): RuleTrace[] {
  const nearest = rules.filter(({ matched }) => !matched).sort((a, b) => missesOf(a) - missesOf(b));
  const shown = [
    ...rules.filter(({ matched }) => matched).slice(0, maxShownRules),
    ...nearest.slice(0, maxShownRules),
  ];
  return shown.sort((a, b) => a.index - b.index);
}

function missesOf({ fields }: RuleTrace): number {
  return fields.filter(({ matched }) => !matched).length;
}

function ruleText({ index, matched, fields }: RuleTrace, joinMethod: string): string {
  const rows = fields.map((field) => [
    field.field,
    field.wanted,
    field.found ?? "(no such claim)",
    field.matched ? "yes" : `NO${whyNot(field)}`,
  ]);
  const heading = `Rule ${rulesPath(joinMethod)}[${index}] ${matched ? "matches" : "does not match"}:`;
  return `${heading}\n\n${textTable(["FIELD", "WANTED", "FOUND", "FITS"], rows, { indent: "  " })}`;
}

/** Differences that a person overlooks. */
function whyNot({ wanted, found = "" }: FieldTrace): string {
  if (found.toLowerCase() === wanted.toLowerCase()) return ", other case";
  if (found.trim() === wanted.trim()) return ", white space";
  return "";
}

function adviceText({ preconditions, rules, answer, suggestedRule, token }: Explanation): string {
  const lines = preconditions.filter(({ passed }) => !passed).map(({ advice }) => advice);
  const refused = answer !== undefined;
  if (refused) lines.push(`The server's answer is: ${printable(answer)}`);
  const nearest = rules.toSorted((a, b) => missesOf(a) - missesOf(b))[0];
  if (refused && nearest !== undefined && missesOf(nearest) > 0) {
    const wrong = nearest.fields
      .filter(({ matched }) => !matched)
      .map(
        ({ field, wanted, found }) =>
          `${field} is ${found === undefined ? "absent" : quoted(found)} and not ${quoted(wanted)}`,
      );
    lines.push(
      `Nearest is ${rulesPath(token.joinMethod)}[${nearest.index}]: ${printable(wrong.join("; "))}.`,
    );
  }
  let text = `What to change:\n\n${lines.map((line) => `  ${line}\n`).join("")}`;
  if (refused && suggestedRule !== undefined) {
    const rule = writeYaml([suggestedRule]).replace(/^(?=.)/gm, "    ");
    text += `\n  The narrowest sensible rule for ${rulesPath(token.joinMethod)} that lets this job in:\n\n${rule}`;
  }
  return text;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
