/** What a predicate is asked about. */
interface PredicateSubject {
  name: string;
  labels: Readonly<Record<string, string>>;
}

/** A compiled predicate expression. */
export type Predicate = (subject: PredicateSubject) => boolean;

type Value = string | boolean | undefined;
type Expression = (subject: PredicateSubject) => Value;

interface Token {
  kind: "name" | "text" | "sign" | "end";
  text: string;
  /** Counted from 1. */
  column: number;
}

/** Says that an expression is none, in the words of Go's parser. */
export class PredicateError extends Error {}

const signs = ["==", "!=", "&&", "||", "!", "(", ")", "[", "]", ".", ",", "="];

function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < expression.length; ) {
    const rest = expression.slice(at);
    const column = at + 1;
    const space = /^\s+/.exec(rest)?.[0];
    const name = /^[A-Za-z_]\w*/.exec(rest)?.[0];
    const text = /^"(?:[^"\\\n]|\\.)*"/.exec(rest)?.[0];
    const sign = signs.find((each) => rest.startsWith(each));
    const found = space ?? name ?? text ?? sign;
    if (found === undefined) {
      throw new PredicateError(`1:${column}: illegal character ${JSON.stringify(rest[0])}`);
    }
    if (name !== undefined) tokens.push({ kind: "name", text: name, column });
    else if (text !== undefined) tokens.push({ kind: "text", text, column });
    else if (sign !== undefined && space === undefined) tokens.push({ kind: "sign", text: sign, column });
    at += found.length;
  }
  return [...tokens, { kind: "end", text: "EOF", column: expression.length + 1 }];
}

/** Functions that an expression may call. */
const functions: Readonly<Record<string, (subject: PredicateSubject, values: Value[]) => boolean>> = {
  equals: (_, [a, b]) => a === b,
  hasPrefix: (_, [text, prefix]) => String(text ?? "").startsWith(String(prefix ?? "")),
  exists: (_, [value]) => value !== undefined,
  search: ({ name, labels }, words) => {
    const haystack = [name, ...Object.entries(labels).flat()].map((each) => each.toLowerCase());
    return words.every((word) => haystack.some((each) => each.includes(String(word).toLowerCase())));
  },
};

/** Parses by recursive descent: or, and, equality, not, operand. */
class Parser {
  readonly #tokens: Token[];
  #at = 0;

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#or();
    if (this.#next().kind !== "end") throw this.#error("expected 'EOF'");
    return expression;
  }

  #next(): Token {
    return this.#tokens[this.#at] ?? { kind: "end", text: "EOF", column: 0 };
  }

  #take(text: string): boolean {
    const { kind, text: found } = this.#next();
    if (kind !== "sign" || found !== text) return false;
    this.#at++;
    return true;
  }

  #error(expected: string): PredicateError {
    const { column, text } = this.#next();
    return new PredicateError(`1:${column}: ${expected}, found '${text}'`);
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#take("||")) {
      const [a, b] = [left, this.#and()];
      left = (subject) => a(subject) === true || b(subject) === true;
    }
    return left;
  }

  #and(): Expression {
    let left = this.#equality();
    while (this.#take("&&")) {
      const [a, b] = [left, this.#equality()];
      left = (subject) => a(subject) === true && b(subject) === true;
    }
    return left;
  }

  #equality(): Expression {
    const left = this.#unary();
    if (this.#take("==")) {
      const right = this.#unary();
      return (subject) => left(subject) === right(subject);
    }
    if (this.#take("!=")) {
      const right = this.#unary();
      return (subject) => left(subject) !== right(subject);
    }
    return left;
  }

  #unary(): Expression {
    if (this.#take("!")) {
      const inner = this.#unary();
      return (subject) => inner(subject) !== true;
    }
    if (this.#take("(")) {
      const inner = this.#or();
      if (!this.#take(")")) throw this.#error("expected ')'");
      return inner;
    }
    const { kind, text } = this.#next();
    if (kind === "text") {
      this.#at++;
      const value = JSON.parse(text) as string;
      return () => value;
    }
    if (kind !== "name") throw this.#error("expected operand");
    this.#at++;
    return this.#operand(text);
  }

  /** Reads what follows a name: the arguments of a function, or the steps of a path. */
  #operand(name: string): Expression {
    const call = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (call !== undefined && this.#take("(")) {
      const values: Expression[] = [];
      while (!this.#take(")")) {
        values.push(this.#or());
        if (!this.#take(",") && this.#next().text !== ")") throw this.#error("expected ')'");
      }
      return (subject) =>
        call(
          subject,
          values.map((value) => value(subject)),
        );
    }
    const path = [name];
    for (;;) {
      if (this.#take(".")) {
        const step = this.#next();
        if (step.kind !== "name") throw this.#error("expected selector");
        this.#at++;
        path.push(step.text);
      } else if (this.#take("[")) {
        const key = this.#next();
        if (key.kind !== "text") throw this.#error("expected operand");
        this.#at++;
        path.push(JSON.parse(key.text) as string);
        if (!this.#take("]")) throw this.#error("expected ']'");
      } else return this.#path(path);
    }
  }

  #path(path: readonly string[]): Expression {
    const short = path.slice(0, 2).join(".") === "resource.metadata" ? path.slice(2) : path;
    const [first = "", key, ...more] = short;
    if (more.length === 0 && first === "labels" && key !== undefined) {
      return ({ labels }) => (Object.hasOwn(labels, key) ? labels[key] : undefined);
    }
    if (key === undefined && first === "name") return ({ name }) => name;
    if (key === undefined && (first === "true" || first === "false")) return () => first === "true";
    throw new PredicateError(`identifier ${path.join(".")} is not defined`);
  }
}

/**
 * Compiles a predicate of the listing RPCs (user-certs.md section 2.9): names, labels, `==`, `!=`, `&&`, `||`, `!` and the
 * functions `equals`, `hasPrefix`, `exists` and `search`. Throws a {@link PredicateError}.
 */
export function compilePredicate(expression: string): Predicate {
  if (expression.trim() === "") return () => true;
  const compiled = new Parser(tokensOf(expression)).whole();
  return (subject) => compiled(subject) === true;
}
