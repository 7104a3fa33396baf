/** 1980-01-01 00:00, the earliest time of the format. */
const date = 0x0021;
const time = 0;

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;
const localHeader = 0x04034b50;

/**
 * Gives every entry of a zip archive the same time, so that the same files give the same bytes (APPNOTE.TXT sections 4.3.7,
 * 4.3.12 and 4.3.16). Throws when the archive is none, or a large one with 64-bit fields.
 */
export function withFixedTimes(archive: Uint8Array): Uint8Array {
  const bytes = Buffer.from(archive);
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || bytes.readUInt32LE(end) !== endOfDirectory) throw new Error("not a zip archive");
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  for (let entry = 0; entry < count; entry++) {
    if (bytes.readUInt32LE(at) !== directoryEntry)
      throw new Error("the directory of the zip archive is damaged");
    const local = bytes.readUInt32LE(at + 42);
    if (bytes.readUInt32LE(local) !== localHeader) throw new Error("an entry of the zip archive is damaged");
    bytes.writeUInt16LE(time, at + 12);
    bytes.writeUInt16LE(date, at + 14);
    bytes.writeUInt16LE(time, local + 10);
    bytes.writeUInt16LE(date, local + 12);
    at += 46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return bytes;
}
