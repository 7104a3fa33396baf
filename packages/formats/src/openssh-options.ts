import { malformed } from "./errors.ts";
import { SshReader, SshWriter } from "./wire.ts";

// Critical options and extensions of a certificate, OpenSSH's PROTOCOL.certkeys. One after the other, sorted by
// name, each name once:
//
// | type   | name | meaning                                                          |
// |--------|------|------------------------------------------------------------------|
// | string | name |                                                                  |
// | string | data | empty for a flag, else one string inside, which is the value     |

/** Decodes options; flags have an empty value. `what` names them in messages. */
export function parseOptions(bytes: Uint8Array, what: string): Record<string, string> {
  const reader = new SshReader(bytes, what);
  const options: [string, string][] = [];
  let previous: Uint8Array | undefined;
  while (!reader.atEnd) {
    const start = reader.offset;
    const name = reader.text("name");
    const encodedName = reader.slice(start + 4, reader.offset);
    if (previous !== undefined && Buffer.compare(previous, encodedName) >= 0) {
      throw malformed(
        "ERR_FORMAT_SSH_CERTIFICATE",
        `Cannot read the ${what}: they are not sorted by name, each once.`,
      );
    }
    previous = encodedName;
    const data = new SshReader(reader.string("data"), what);
    options.push([name, data.atEnd ? "" : data.text("value")]);
    data.end();
  }
  return Object.fromEntries(options);
}

/** Encodes options, sorted by the bytes of their names. */
export function encodeOptions(options: Readonly<Record<string, string>>): Uint8Array {
  const writer = new SshWriter();
  const sorted = Object.entries(options)
    .map(([name, value]) => ({ name: Buffer.from(name, "utf8"), value }))
    .sort((a, b) => Buffer.compare(a.name, b.name));
  for (const { name, value } of sorted) {
    writer.string(name).string(value === "" ? "" : new SshWriter().string(value).bytes());
  }
  return writer.bytes();
}
