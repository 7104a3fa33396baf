import { closeSync, constants, fstatSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { describeError } from "@bot-join/core";
import { RunnerError } from "./errors.ts";
import { type ExportEntry, type ExportFormat, renderExportLines } from "./export-format.ts";

/** A file that exported variables are appended to. */
export class ExportFile {
  readonly #path: string;
  readonly #format: ExportFormat;
  /** Whether it came to be by {@link ExportFile.prepare}. */
  #isNew = false;

  constructor(path: string, format: ExportFormat) {
    this.#path = path;
    this.#format = format;
  }

  /** Sees to it that the file is there and can be written to; a new one has mode 0600. Throws `ERR_EXPORT_FILE`. */
  prepare(): void {
    this.#attempt(() => {
      try {
        closeSync(openSync(this.#path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600));
        this.#isNew = true;
      } catch (error) {
        if (!isCode(error, "EEXIST")) throw error;
        closeSync(openSync(this.#path, constants.O_WRONLY | constants.O_APPEND));
      }
    });
  }

  /** Appends all variables at once, if the file is there. Throws `ERR_EXPORT_FILE`, and `ERR_EXPORT_VALUE`. */
  append(entries: readonly ExportEntry[]): void {
    if (entries.length === 0) {
      this.discard();
      return;
    }
    const lines = renderExportLines(entries, this.#format);
    this.#attempt(() => {
      let file: number;
      try {
        file = openSync(this.#path, constants.O_RDWR | constants.O_APPEND);
      } catch (error) {
        if (isCode(error, "ENOENT")) return;
        throw error;
      }
      try {
        writeSync(file, endsWithinLine(file) ? `\n${lines}` : lines);
      } finally {
        closeSync(file);
      }
    });
    this.#isNew = false;
  }

  /** Takes a file away again that was made in vain. */
  discard(): void {
    if (!this.#isNew) return;
    this.#isNew = false;
    this.#attempt(() => unlinkSync(this.#path));
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      throw new RunnerError({
        code: "ERR_EXPORT_FILE",
        kind: "user",
        message: `The file for exported variables, ${this.#path}, cannot be written: ${describeError(error)}.`,
        hint: "Name another file by export-file, or set export-env: false.",
        cause: error,
      });
    }
  }
}

/** Somebody's last line may lack its end; ours must not become a part of it. */
function endsWithinLine(file: number): boolean {
  const { size } = fstatSync(file);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
