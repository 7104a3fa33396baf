/** 1980-01-01 00:00, the earliest time of the format. */
const date = 0x0021;
const time = 0;

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;
const localHeader = 0x04034b50;

interface Entry {
  name: string;
  /** Header and content, where the archive has them. */
  local: Buffer;
  /** Its record in the directory. */
  record: Buffer;
}

/**
 * Writes a zip archive anew, its entries in the order of their names and all of one time, so that the same files give the same
 * bytes (APPNOTE.TXT sections 4.3.7, 4.3.12 and 4.3.16). Throws when the archive is damaged, or has what packers of small
 * files do not write: 64-bit fields, sizes behind the content.
 */
export function reproducibleZip(archive: Uint8Array): Uint8Array {
  const bytes = Buffer.from(archive);
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || bytes.readUInt32LE(end) !== endOfDirectory) throw new Error("not a zip archive");
  const entries = readEntries(bytes, bytes.readUInt32LE(end + 16), bytes.readUInt16LE(end + 10));
  entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  let offset = 0;
  for (const { local, record } of entries) {
    local.writeUInt16LE(time, 10);
    local.writeUInt16LE(date, 12);
    record.writeUInt16LE(time, 12);
    record.writeUInt16LE(date, 14);
    record.writeUInt32LE(offset, 42);
    offset += local.length;
  }
  const tail = bytes.subarray(end);
  tail.writeUInt32LE(offset, 16);
  return Buffer.concat([...entries.map(({ local }) => local), ...entries.map(({ record }) => record), tail]);
}

function readEntries(bytes: Buffer, directory: number, count: number): Entry[] {
  const entries: Entry[] = [];
  let at = directory;
  for (let index = 0; index < count; index++) {
    if (bytes.readUInt32LE(at) !== directoryEntry)
      throw new Error("the directory of the zip archive is damaged");
    const nameLength = bytes.readUInt16LE(at + 28);
    const length = 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    const record = Buffer.from(bytes.subarray(at, at + length));
    const name = record.toString("utf8", 46, 46 + nameLength);
    entries.push({ name, record, local: readLocal(bytes, record, name) });
    at += length;
  }
  return entries;
}

function readLocal(bytes: Buffer, record: Buffer, name: string): Buffer {
  const start = record.readUInt32LE(42);
  const hasSizesBehind = (record.readUInt16LE(8) & 8) !== 0;
  if (bytes.readUInt32LE(start) !== localHeader || hasSizesBehind)
    throw new Error(`the entry ${name} of the zip archive cannot be read`);
  const header = 30 + bytes.readUInt16LE(start + 26) + bytes.readUInt16LE(start + 28);
  return Buffer.from(bytes.subarray(start, start + header + record.readUInt32LE(20)));
}
