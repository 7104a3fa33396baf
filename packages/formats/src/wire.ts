import { malformed } from "./errors.ts";

// SSH's basic encodings, RFC 4251 section 5. All numbers are big-endian.
//
// | type   | bytes                                                                            |
// |--------|----------------------------------------------------------------------------------|
// | uint32 | 4                                                                                |
// | uint64 | 8                                                                                |
// | string | uint32 length, then that many bytes                                              |
// | mpint  | string holding a two's complement number in its shortest form: a positive number |
// |        | has a leading 00 exactly when its highest bit is set                             |

/** Upper bound of one structure in bytes: OpenSSH's own limit for a packet, so no peer could use a larger one. */
export const maxStructureBytes: number = 256 * 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads SSH encodings front to back; every method throws `ERR_FORMAT_SSH_WIRE` rather than read past the end. */
export class SshReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #offset = 0;

  /** `what` names the structure in messages. */
  constructor(bytes: Uint8Array, what: string) {
    this.#what = what;
    if (bytes.length > maxStructureBytes) {
      throw this.#broken(`${bytes.length} bytes are more than the ${maxStructureBytes} allowed`);
    }
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many bytes were read so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Whether everything was read. */
  get atEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** Gives the bytes between two offsets, as a view. */
  slice(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(start, end);
  }

  uint32(field: string): number {
    return this.#view.getUint32(this.#advance(4, field));
  }

  uint64(field: string): bigint {
    return this.#view.getBigUint64(this.#advance(8, field));
  }

  /** Reads a string as bytes, as a view. */
  string(field: string): Uint8Array {
    const length = this.uint32(field);
    const start = this.#advance(length, field);
    return this.#bytes.subarray(start, start + length);
  }

  /** Reads a string as UTF-8 text; other bytes are an error. */
  text(field: string): string {
    const bytes = this.string(field);
    try {
      return utf8.decode(bytes);
    } catch {
      throw this.#broken(`${field} is not UTF-8 text`);
    }
  }

  /** Reads a positive mpint and gives its magnitude without the leading 00. */
  positiveMpint(field: string): Uint8Array {
    const bytes = this.string(field);
    const [first = 0x80, second = 0] = bytes;
    if (first >= 0x80) throw this.#broken(`${field} is not a positive number`);
    if (first !== 0) return bytes;
    if (second < 0x80) throw this.#broken(`${field} is not in its shortest form`);
    return bytes.subarray(1);
  }

  /** Checks that nothing follows. */
  end(): void {
    if (!this.atEnd) throw this.#broken(`${this.#bytes.length - this.#offset} bytes follow its end`);
  }

  #advance(length: number, field: string): number {
    const left = this.#bytes.length - this.#offset;
    if (length > left)
      throw this.#broken(`${field} needs ${length} bytes at ${this.#offset}, ${left} are left`);
    const start = this.#offset;
    this.#offset += length;
    return start;
  }

  #broken(reason: string): Error {
    return malformed("ERR_FORMAT_SSH_WIRE", `Cannot read the ${this.#what}: ${reason}.`);
  }
}

/** Collects SSH encodings; methods return the writer itself. */
export class SshWriter {
  readonly #parts: Uint8Array[] = [];

  /** Appends bytes as they are. */
  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }

  uint32(value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    return this.raw(bytes);
  }

  uint64(value: bigint): this {
    if (BigInt.asUintN(64, value) !== value) throw new RangeError(`${value} does not fit a uint64.`);
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value);
    return this.raw(bytes);
  }

  /** Appends a string; text is written as UTF-8. */
  string(value: Uint8Array | string): this {
    const bytes = typeof value === "string" ? Buffer.from(value, "utf8") : value;
    return this.uint32(bytes.length).raw(bytes);
  }

  /** Appends a positive number given as unsigned big-endian bytes, in its shortest form. */
  positiveMpint(magnitude: Uint8Array): this {
    const start = magnitude.findIndex((byte) => byte !== 0);
    const digits = start < 0 ? new Uint8Array() : magnitude.subarray(start);
    const sign = (digits[0] ?? 0) >= 0x80 ? 1 : 0;
    return this.uint32(digits.length + sign)
      .raw(new Uint8Array(sign))
      .raw(digits);
  }

  /** Gives everything appended so far as one fresh array. */
  bytes(): Uint8Array {
    const joined = new Uint8Array(this.#parts.reduce((total, part) => total + part.length, 0));
    let offset = 0;
    for (const part of this.#parts) {
      joined.set(part, offset);
      offset += part.length;
    }
    return joined;
  }
}
