import { hasGlob } from "./glob.ts";
import type { RuleValue } from "./join-methods/comparison.ts";
import type { JoinMethod, MatchableField, TokenSpec } from "./join-methods/join-method.ts";
import { joinMethods } from "./join-methods/registry.ts";
import type { ReadingContext } from "./kinds/kind.ts";
import type { TokenResource } from "./model.ts";
import type { DocumentPath, DocumentProblem } from "./problem.ts";

/** A token that was read, beside what it was read from. */
export interface TokenReading {
  token: TokenResource;
  spec: TokenSpec;
  /** Undefined for a method that the server does not have. */
  method: JoinMethod | undefined;
  context: ReadingContext;
  status: unknown;
}

/** Lists what a server accepts silently although it cannot be meant. */
export function checkTokenDoubts(reading: TokenReading): DocumentProblem[] {
  const { method } = reading;
  const rules = method === undefined ? [] : checkRules(method, reading.token);
  return [...checkEnvelope(reading), ...checkBlocks(reading), ...rules];
}

function checkEnvelope({ token, spec, context, status }: TokenReading): DocumentProblem[] {
  const doubts: DocumentProblem[] = [];
  const doubt = (path: DocumentPath, message: string): void => {
    doubts.push({ path, message });
  };
  if (context.now !== undefined && token.expires !== undefined && token.expires <= context.now) {
    doubt(["metadata", "expires"], "this time has passed: the token admits nobody");
  }
  if (token.joinMethod === "token" && isGuessable(token.name)) {
    const message =
      "the name of a token of method token is its secret, and this one can be guessed: take 32 random hex digits";
    doubt(["metadata", "name"], message);
  }
  if (token.botName !== undefined && token.roles.includes("Bot") && token.roles.length > 1) {
    const others = token.roles.filter((role) => role !== "Bot");
    doubt(
      ["spec", "roles"],
      `a token for a bot also admits ${others.join(", ")}: give those a token of their own`,
    );
  }
  if (token.joinMethod === "ec2" && token.roles.includes("Bot")) {
    doubt(
      ["spec", "join_method"],
      'a bot cannot join by ec2: the server answers unsupported join method "ec2" for bot',
    );
  }
  if (status !== undefined && status !== null && !context.stored) {
    doubt(["status"], "the status is the server's own: it ignores what a document says");
  }
  if (spec.aws_iid_ttl !== "" && token.joinMethod !== "ec2") {
    doubt(["spec", "aws_iid_ttl"], "is only for join method ec2; the server ignores it");
  }
  return doubts;
}

function checkBlocks({ token, spec, method, context }: TokenReading): DocumentProblem[] {
  const doubts: DocumentProblem[] = [];
  for (const { name } of Object.values(joinMethods)) {
    if (name === "token" || name === "ec2" || name === "iam") continue;
    if (name === token.joinMethod || spec[name] === undefined) continue;
    const message = `is for join method ${name}; the server ignores it, since join_method is ${token.joinMethod}`;
    doubts.push({ path: ["spec", name], message });
  }
  if (spec.allow.length > 0 && !["ec2", "iam", "token"].includes(token.joinMethod)) {
    const message = `is for join methods ec2 and iam; the server ignores it, since join_method is ${token.joinMethod}`;
    doubts.push({ path: ["spec", "allow"], message });
  }
  if (method === undefined) return doubts;
  const needs = context.enterprise === undefined ? method.enterpriseOnly?.(token, context.server) : undefined;
  if (needs !== undefined) {
    doubts.push({
      path: ["spec", method.name],
      message: `a community build of Teleport refuses this: ${needs}`,
    });
  }
  const jwks = method.staticJwks?.(token);
  if (jwks !== undefined && !isJwks(jwks)) {
    const path = ["spec", method.name, "static_jwks", ...(method.name === "kubernetes" ? ["jwks"] : [])];
    doubts.push({ path, message: "is no JWKS document with keys, so every join is refused" });
  }
  return doubts;
}

function checkRules(method: JoinMethod, token: TokenResource): DocumentProblem[] {
  const doubts: DocumentProblem[] = [];
  const at =
    method.name === "ec2" || method.name === "iam" ? ["spec", "allow"] : ["spec", method.name, "allow"];
  const seen = new Map<string, number>();
  for (const [index, rule] of method.rules(token).entries()) {
    const found = method.fields.flatMap((field) =>
      checkField(field, rule[field.field], method.requiresOneOf.includes(field.field)),
    );
    for (const { path, message } of [...found, ...(method.doubts?.(rule) ?? [])]) {
      doubts.push({ path: [...at, index, ...path], message });
    }
    const text = JSON.stringify(rule);
    const before = seen.get(text);
    if (before !== undefined) doubts.push({ path: [...at, index], message: `is the same as rule ${before}` });
    else seen.set(text, index);
  }
  return doubts;
}

function checkField(
  { field, compare, form }: MatchableField,
  value: RuleValue,
  required: boolean,
): DocumentProblem[] {
  const list = Array.isArray(value);
  const entries: readonly unknown[] = list ? value : [value];
  return entries.flatMap((entry, index) => {
    if (typeof entry !== "string" || (entry === "" && !list)) return [];
    // What every rule needs cannot be left out; the method itself says what a wildcard means there.
    if (required && compare.globs && /^\*+$/.test(entry)) return [];
    const message = doubtOf(entry, field, compare.globs, form);
    return message === undefined ? [] : [{ path: list ? [field, index] : [field], message }];
  });
}

function doubtOf(
  entry: string,
  field: string,
  globs: boolean,
  form: MatchableField["form"],
): string | undefined {
  if (entry === "") return "an empty entry is met only by a job without this claim";
  if (globs && /^\*+$/.test(entry)) {
    return "matches everything, also a job without this claim: leave the key out";
  }
  const literal = entry.includes("*") || (entry.includes("?") && (form !== undefined || field === "sub"));
  if (!globs && literal) return "nothing globs in this field: the server compares * and ? literally";
  if (entry.trim() !== entry) return "never matches: there is white space at its begin or end";
  if (form === undefined || (globs && hasGlob(entry)) || form.pattern.test(entry)) return undefined;
  return `never matches: this is ${form.says}`;
}

/** Tells whether somebody could find a secret by trying: too short, too plain, or made of words. */
function isGuessable(name: string): boolean {
  if (name.length < 16 || new Set(name).size < 6) return true;
  return name.split(/[-_. ]+/).every((part) => /^[a-z]*\d{0,4}$/i.test(part));
}

function isJwks(text: string): boolean {
  try {
    const document: unknown = JSON.parse(text);
    const keys = typeof document === "object" && document !== null && "keys" in document ? document.keys : [];
    return Array.isArray(keys) && keys.length > 0;
  } catch {
    return false;
  }
}
