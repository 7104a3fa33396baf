/**
 * The signature of a Mach-O file (mach-o/loader.h and Apple's cs_blobs.h; all of the signature is big-endian).
 *
 * Header: 16 ncmds (4), 20 sizeofcmds (4), from 32 on commands: 0 cmd (4), 4 cmdsize (4).
 * LC_CODE_SIGNATURE: 8 dataoff (4), 12 datasize (4). LC_SEGMENT_64: 8 segname (16), 48 filesize (8).
 * SuperBlob: 0 magic, 4 length, 8 count, then per blob 0 type (4), 4 offset (4).
 * CodeDirectory: 0 magic, 16 hashOffset (4), 28 nCodeSlots (4), 32 codeLimit (4), 36 hashSize, 37 hashType, 39 log2 of the
 * page size (1 each); hash type 2 is SHA-256.
 */
import { createHash } from "node:crypto";

const segment64 = 0x19;
const codeSignature = 0x1d;
const codeDirectory = 0xfade0c02;

/** Whether a file has a signature, and whether its pages are those that were signed. */
export type Signature = "valid" | "broken" | "none";

interface Command {
  type: number;
  at: number;
  size: number;
}

function commandsOf(file: Buffer): Command[] {
  const commands: Command[] = [];
  let at = 32;
  for (let index = 0; index < file.readUInt32LE(16); index++) {
    const command = { type: file.readUInt32LE(at), at, size: file.readUInt32LE(at + 4) };
    commands.push(command);
    at += command.size;
  }
  return commands;
}

/** Reads the signature of a Mach-O file and compares every page with it. */
export function readSignature(file: Buffer): Signature {
  const command = commandsOf(file).find(({ type }) => type === codeSignature);
  if (command === undefined) return "none";
  const start = file.readUInt32LE(command.at + 8);
  for (let index = 0; index < file.readUInt32BE(start + 8); index++) {
    const blob = start + file.readUInt32BE(start + 16 + 8 * index);
    if (file.readUInt32BE(blob) !== codeDirectory) continue;
    return hasSignedPages(file, blob) ? "valid" : "broken";
  }
  return "broken";
}

function hasSignedPages(file: Buffer, directory: number): boolean {
  const hashes = directory + file.readUInt32BE(directory + 16);
  const limit = file.readUInt32BE(directory + 32);
  const size = file.readUInt8(directory + 36);
  const page = 1 << file.readUInt8(directory + 39);
  if (file.readUInt8(directory + 37) !== 2) return false;
  for (let index = 0; index < file.readUInt32BE(directory + 28); index++) {
    const bytes = file.subarray(index * page, Math.min((index + 1) * page, limit));
    const wanted = file.subarray(hashes + index * size, hashes + (index + 1) * size);
    if (!createHash("sha256").update(bytes).digest().subarray(0, size).equals(wanted)) return false;
  }
  return true;
}

/** Gives a Mach-O file without its signature. Throws when that is not the last command, at the end of the file. */
export function withoutSignature(file: Buffer): Buffer {
  const commands = commandsOf(file);
  const command = commands.at(-1);
  const linkedit = commands.find(
    ({ type, at }) =>
      type === segment64 && file.toString("latin1", at + 8, at + 24).startsWith("__LINKEDIT\0"),
  );
  if (command?.type !== codeSignature || linkedit === undefined)
    throw new Error("the signature is not where it could be taken out");
  const start = file.readUInt32LE(command.at + 8);
  const size = file.readUInt32LE(command.at + 12);
  if (start + size !== file.length) throw new Error("there is something behind the signature");
  const stripped = Buffer.from(file.subarray(0, start));
  stripped.fill(0, command.at, command.at + command.size);
  stripped.writeUInt32LE(commands.length - 1, 16);
  stripped.writeUInt32LE(file.readUInt32LE(20) - command.size, 20);
  stripped.writeBigUInt64LE(file.readBigUInt64LE(linkedit.at + 48) - BigInt(size), linkedit.at + 48);
  return stripped;
}
