/** One workflow command of a line of output (platform-plugins.md section 2.4). */
interface WorkflowCommand {
  name: string;
  properties: string;
  data: string;
}

function unescapeData(text: string): string {
  return text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
}

function parseCommand(line: string): WorkflowCommand | undefined {
  const match = /^\s*::([a-z-]+)(?: ([^:]*))?::(.*)$/.exec(line);
  if (match === null) return undefined;
  const [, name = "", properties = "", data = ""] = match;
  return { name, properties, data: unescapeData(data) };
}

/**
 * The log of a job: obeys the workflow commands in what steps print, in their order, and hides what was masked before.
 * What no runner obeys any more (`set-output`, `set-env` and the like) counts as an attack and throws an Error.
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

  /** Takes the output of one step. */
  add(output: string): void {
    for (const line of output.split(/\r?\n/)) {
      const command = parseCommand(line);
      if (command === undefined) this.#show(line);
      else this.#obey(command, line);
    }
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
        this.#stoppedBy = data;
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
        throw new Error(`a step gave the workflow command ${name}: ${line}`);
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
