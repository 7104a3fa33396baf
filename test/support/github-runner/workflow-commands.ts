/** One workflow command of a line of output (platform-plugins.md section 2.4). */
interface WorkflowCommand {
  /** In lower case, as the runner does not tell the cases apart. */
  name: string;
  data: string;
}

function unescapeData(text: string): string {
  return text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
}

/**
 * Reads a line as the runner does: `::name properties::data` with nothing but white space before it, or the older
 * `##[name properties]data` anywhere in it.
 */
function parseCommand(line: string): WorkflowCommand | undefined {
  const [, name = "", data = ""] = /^\s*::(.*?)::(.*)$/.exec(line) ?? /##\[(.*?)\](.*)$/.exec(line) ?? [];
  if (name === "") return undefined;
  return { name: name.split(" ", 1).join("").toLowerCase(), data: unescapeData(data) };
}

/** What runs no longer need and an action of today gives only by mistake, or because somebody has slipped it in. */
const attacks: readonly string[] = [
  "add-matcher",
  "add-path",
  "echo",
  "internal-set-repo-path",
  "remove-matcher",
  "save-state",
  "set-env",
  "set-output",
];

/**
 * The log of a job: obeys the workflow commands in what steps print, in their order, and hides what was masked before.
 * What no step has to give any more (`set-output`, `set-env` and the like) counts as an attack and throws an Error.
 */
export class JobLog {
  readonly #lines: string[] = [];
  readonly #masks = new Set<string>();
  #stoppedBy: string | undefined;

  /** What a person sees. */
  get text(): string {
    return this.#lines.join("\n");
  }

  /** Every value that a step had masked. */
  get masks(): ReadonlySet<string> {
    return this.#masks;
  }

  /**
   * Takes the output of one step. Nobody knows how the runner's two pipes interleave: standard error is taken as if all of
   * it came first, before anything that the step masks.
   */
  add({ stdout, stderr }: { stdout: string; stderr: string }): void {
    for (const line of [stderr, stdout].filter(Boolean).join("\n").split(/\r?\n/)) {
      const command = parseCommand(line);
      if (command === undefined) this.#show(line);
      else this.#obey(command, line);
    }
  }

  /** Adds a warning of the runner itself. */
  warn(text: string): void {
    this.#show(`warning: ${text}`);
  }

  /** Adds an error of the runner itself. */
  fail(text: string): void {
    this.#show(`error: ${text}`);
  }

  #obey({ name, data }: WorkflowCommand, line: string): void {
    if (this.#stoppedBy !== undefined) {
      if (name === this.#stoppedBy) this.#stoppedBy = undefined;
      else this.#show(line);
      return;
    }
    switch (name) {
      case "add-mask":
        for (const part of [data, ...data.split(/\r?\n/).map((each) => each.trim())]) {
          if (part !== "") this.#masks.add(part);
        }
        break;
      case "stop-commands":
        this.#stoppedBy = data.toLowerCase();
        break;
      case "debug":
        break;
      case "error":
      case "warning":
      case "notice":
      case "group":
        this.#show(`${name}: ${data}`);
        break;
      case "endgroup":
        break;
      default:
        if (attacks.includes(name)) throw new Error(`a step gave the workflow command ${name}: ${line}`);
        this.#show(line);
    }
  }

  #show(line: string): void {
    let shown = line;
    // Longest first, as a mask may be part of another one.
    for (const mask of [...this.#masks].sort((a, b) => b.length - a.length)) {
      shown = shown.replaceAll(mask, "***");
    }
    this.#lines.push(shown);
  }
}
