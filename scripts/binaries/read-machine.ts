/**
 * Reads what the header of an executable says of its machine.
 *
 * ELF (System V gABI): 18 e_machine (2), 32 e_phoff (8), 54 e_phentsize (2), 56 e_phnum (2); program header: 0 p_type (4),
 * 8 p_offset (8), 32 p_filesz (8); type 3 is the interpreter.
 * Mach-O (mach-o/loader.h): 4 cputype (4).
 * PE (Microsoft PE format): 60 offset of "PE\0\0" (4), after that sign machine (2).
 */
import { readSignature, type Signature } from "./code-signature.ts";
import type { Machine } from "./targets.ts";

/** A {@link Machine}, and for Mach-O its signature, without which macOS on arm64 kills a program. */
export interface ReadMachine extends Machine {
  signature?: Signature;
}

const elfCpus: Readonly<Record<number, Machine["cpu"]>> = { 62: "x64", 183: "arm64" };
const machCpus: Readonly<Record<number, Machine["cpu"]>> = { 16777223: "x64", 16777228: "arm64" };
const peCpus: Readonly<Record<number, Machine["cpu"]>> = { 34404: "x64", 43620: "arm64" };

/** PT_INTERP of the gABI. */
const interpreterSegment = 3;

function known(cpu: Machine["cpu"] | undefined): Machine["cpu"] {
  if (cpu === undefined) throw new Error("the file is for a machine that is not known here");
  return cpu;
}

/** Reads the machine of an executable. Throws when the file is none, or for a machine that no target has. */
export function readMachine(file: Buffer): ReadMachine {
  if (file.readUInt32BE(0) === 0x7f454c46) return readElf(file);
  if (file.readUInt32LE(0) === 0xfeedfacf) return readMach(file);
  if (file.toString("latin1", 0, 2) === "MZ") return readPe(file);
  throw new Error("the file is no executable of 64-bit Linux, macOS or Windows");
}

function readElf(file: Buffer): ReadMachine {
  const cpu = known(elfCpus[file.readUInt16LE(18)]);
  const start = Number(file.readBigUInt64LE(32));
  const size = file.readUInt16LE(54);
  for (let index = 0; index < file.readUInt16LE(56); index++) {
    const at = start + index * size;
    if (file.readUInt32LE(at) !== interpreterSegment) continue;
    const offset = Number(file.readBigUInt64LE(at + 8));
    const length = Number(file.readBigUInt64LE(at + 32));
    return { format: "elf", cpu, interpreter: file.toString("latin1", offset, offset + length - 1) };
  }
  return { format: "elf", cpu };
}

function readMach(file: Buffer): ReadMachine {
  return {
    format: "mach-o",
    cpu: known(machCpus[file.readUInt32LE(4)]),
    signature: readSignature(file),
  };
}

function readPe(file: Buffer): ReadMachine {
  const at = file.readUInt32LE(60);
  if (file.toString("latin1", at, at + 4) !== "PE\0\0") throw new Error("the file is no PE executable");
  return { format: "pe", cpu: known(peCpus[file.readUInt16LE(at + 4)]) };
}
