import { constants } from "node:fs";
import { open, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Secret } from "@bot-join/core";
import { createFile } from "./create-file.ts";
import { type Destination, openDirectory } from "./directory.ts";
import { OutputError } from "./errors.ts";
import { type FileLock, takeFileLock } from "./flock.ts";
import { codeOf, mapFileError } from "./map-error.ts";
import type { OutputDeps } from "./output-deps.ts";
import { isLeftOver } from "./write.ts";

/** A bot's own identity as it is kept between runs, every text as the cluster sent it (outputs.md section 3.2). */
export interface StoredIdentity {
  privateKeyPem: Secret;
  /** `<type> <base64>` without a newline. */
  publicKeyLine: string;
  sshCertificate: string;
  tlsCertificate: string;
  /** authorized_keys lines of the CAs. */
  sshAuthorities: string[];
  /** PEM certificates of the CAs. */
  tlsAuthorities: string[];
  /** Lower-case hex SHA-256 of the token that the bot joined with. */
  tokenHash: string;
}

/** A directory where one bot's identity is kept, locked for this run. Disposing of it lets others in again. */
export interface BotStorage extends AsyncDisposable {
  /** Absolute. */
  readonly path: string;
  /** Reads what was kept; undefined when nothing was. Throws `ERR_OUTPUT_DATA_DIRECTORY` for a part of it, or for files of somebody else. */
  read(): Promise<StoredIdentity | undefined>;
  /** Keeps an identity in place of the one before, all of it or nothing. Throws what writing an output throws. */
  write(identity: StoredIdentity): Promise<void>;
}

/**
 * The files, in the order in which they are replaced. The X.509 certificate, which carries the generation, comes first: a
 * process that is killed in between leaves the one that the cluster expects.
 */
const fileNames = [
  "tlscert",
  "key-cert.pub",
  "sshcacerts",
  "tlscacerts",
  "key",
  "key.pub",
  "tokenhash",
] as const;

type FileName = (typeof fileNames)[number];

/** What tbot locks; it stays when the lock is gone (outputs.md section 8.5). */
const lockFileName = "lock";

/** What stands between the authorities of one file. */
const separator = "$";

/** More than any of the files has, in bytes. */
const maxFileBytes = 1024 * 1024;

/**
 * Opens the directory of a bot's own identity, in tbot's layout: made with its parents (mode 0700) or checked, locked against
 * other runs and, where the program `flock` is there, against tbot. A relative path counts from the working directory.
 * Throws what opening an output's directory throws.
 */
export async function openStorage(path: string, deps: OutputDeps): Promise<BotStorage> {
  const directory = await openDirectory(resolve(path), "data", deps);
  const lock = await lockAgainstTbot(directory).catch(async (error: unknown) => {
    await directory[Symbol.asyncDispose]();
    throw mapFileError(error, `Locking the data directory ${directory.path}`);
  });
  return {
    path: directory.path,
    read: () => readIdentity(directory.path),
    async write(identity) {
      await directory.write(renderIdentity(identity));
      for (const entry of await readdir(directory.path)) {
        if (isLeftOver(entry, [...fileNames])) await rm(join(directory.path, entry), { force: true });
      }
    },
    async [Symbol.asyncDispose]() {
      await lock.held?.release();
      const isVain = directory.manifest().files.length === 0;
      if (isVain && lock.made) await rm(join(directory.path, lockFileName), { force: true });
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Takes the lock that tbot takes, as far as this machine can. */
async function lockAgainstTbot({
  path,
}: Destination): Promise<{ held: FileLock | undefined; made: boolean }> {
  const file = join(path, lockFileName);
  const made = await createFile(file, "").then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === "EEXIST") return false;
      throw error;
    },
  );
  const held = await takeFileLock(file);
  if (held !== "conflict") return { held, made };
  throw new OutputError({
    code: "ERR_OUTPUT_DIRECTORY_BUSY",
    kind: "user",
    message: `The data directory ${path} is in use: another process, probably tbot, has locked ${file}.`,
    hint: "One bot at a time can use a data directory. End the other process, or give this bot a directory and a token of its own.",
  });
}

function renderIdentity(identity: StoredIdentity): Map<FileName, string> {
  const contents: Record<FileName, string> = {
    tlscert: identity.tlsCertificate,
    "key-cert.pub": identity.sshCertificate,
    sshcacerts: identity.sshAuthorities.join(separator),
    tlscacerts: identity.tlsAuthorities.join(separator),
    key: identity.privateKeyPem.reveal(),
    "key.pub": `${identity.publicKeyLine}\n`,
    tokenhash: identity.tokenHash,
  };
  return new Map(fileNames.map((name) => [name, contents[name]]));
}

async function readIdentity(directory: string): Promise<StoredIdentity | undefined> {
  const contents = Object.fromEntries(
    await Promise.all(fileNames.map(async (name) => [name, await readFile(directory, name)])),
  ) as Record<FileName, string>;
  const empty = fileNames.filter((name) => contents[name] === "");
  // tbot makes empty files of all names when it finds none.
  if (empty.length === fileNames.length) {
    await checkNobodyElses(directory);
    return undefined;
  }
  if (empty.length > 0) {
    throw unusable(
      directory,
      `has a part of a bot's identity: ${empty.join(", ")} ${empty.length === 1 ? "is" : "are"} missing or empty`,
      "Put the files back as they were, or give an empty directory and a new token. The directory of an output cannot be the data directory.",
    );
  }
  return {
    privateKeyPem: new Secret(contents.key),
    publicKeyLine: contents["key.pub"].trim(),
    sshCertificate: contents["key-cert.pub"],
    tlsCertificate: contents.tlscert,
    sshAuthorities: contents.sshcacerts.split(separator),
    tlsAuthorities: contents.tlscacerts.split(separator),
    tokenHash: contents.tokenhash.trim(),
  };
}

/** Reads a file of text, never a link's target; a missing one is as good as an empty one. */
async function readFile(directory: string, name: FileName): Promise<string> {
  try {
    const file = await open(
      join(directory, name),
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
    try {
      const stats = await file.stat();
      if (!stats.isFile() || stats.size > maxFileBytes) {
        throw unusable(directory, `has something else under the name ${name}`, "Give another directory.");
      }
      return await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "";
    throw mapFileError(error, `Reading ${join(directory, name)}`);
  }
}

/** A directory with other files in it was meant for something else. Hidden files are what tools and file systems leave. */
async function checkNobodyElses(directory: string): Promise<void> {
  const known: readonly string[] = [...fileNames, lockFileName];
  const others = (await readdir(directory)).filter((name) => !name.startsWith(".") && !known.includes(name));
  if (others.length === 0) return;
  throw unusable(
    directory,
    `has no bot's identity in it, but other files (${others.slice(0, 3).join(", ")}${others.length > 3 ? ", …" : ""})`,
    "Give a directory that is empty or does not exist yet, and use it for nothing else.",
  );
}

function unusable(directory: string, what: string, hint: string): OutputError {
  return new OutputError({
    code: "ERR_OUTPUT_DATA_DIRECTORY",
    kind: "user",
    message: `The data directory ${directory} ${what}. Nothing in it was changed.`,
    hint,
  });
}
