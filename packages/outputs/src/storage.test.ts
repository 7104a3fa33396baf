import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "@bot-join/core";
import { describe, expect, test } from "vitest";
import { requireTool } from "../../../test/support/tools.ts";
import { systemDeps } from "./output-deps.ts";
import { openStorage, type StoredIdentity } from "./storage.ts";
import { failure, listing, temporaryFolder } from "./test-support.ts";

const identity: StoredIdentity = {
  privateKeyPem: new Secret("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
  publicKeyLine: "ecdsa-sha2-nistp256 BBBB",
  sshCertificate: "ecdsa-sha2-nistp256-cert-v01@openssh.com CCCC\n",
  tlsCertificate: "-----BEGIN CERTIFICATE-----\nDDDD\n-----END CERTIFICATE-----\n",
  sshAuthorities: ["ssh-rsa EEEE\n", "ssh-rsa FFFF\n"],
  tlsAuthorities: ["-----BEGIN CERTIFICATE-----\nGGGG\n", "-----BEGIN CERTIFICATE-----\nHHHH\n"],
  tokenHash: "ab".repeat(32),
};

const names = ["key", "key-cert.pub", "key.pub", "lock", "sshcacerts", "tlscacerts", "tlscert", "tokenhash"];

/** Opens a directory, does something and closes it again. */
async function inStorage<T>(
  path: string,
  act: (storage: Awaited<ReturnType<typeof openStorage>>) => T,
): Promise<Awaited<T>> {
  await using storage = await openStorage(path, systemDeps());
  return await act(storage);
}

describe("a bot's storage", () => {
  test("gives back what it was given, from files of mode 0600 with tbot's names and bytes", async () => {
    using folder = await temporaryFolder();
    const path = join(folder.path, "made", "data");
    await inStorage(path, async (storage) => {
      expect(await storage.read()).toBeUndefined();
      await storage.write(identity);
    });
    expect(await listing(path)).toEqual(names.map((name) => `${name} 600`));
    const text = (name: string): string => readFileSync(join(path, name), "utf8");
    expect(text("sshcacerts")).toBe("ssh-rsa EEEE\n$ssh-rsa FFFF\n");
    expect(text("tlscacerts")).toBe(identity.tlsAuthorities.join("$"));
    expect(text("key.pub")).toBe("ecdsa-sha2-nistp256 BBBB\n");
    expect(text("tokenhash")).toBe("ab".repeat(32));
    expect(text("lock")).toBe("");
    const again = await inStorage(path, (storage) => storage.read());
    expect(again).toEqual(identity);
    expect(again?.privateKeyPem.reveal()).toBe(identity.privateKeyPem.reveal());
  });

  test("a later identity takes the place of the one before, and what a killed run left goes", async () => {
    using folder = await temporaryFolder();
    await inStorage(folder.path, (storage) => storage.write(identity));
    for (const name of [".key.0123456789abcdef.tmp", ".tlscert.0123456789abcdef.old", ".keep"])
      writeFileSync(join(folder.path, name), "x");
    const next = { ...identity, tlsCertificate: "-----BEGIN CERTIFICATE-----\nIIII\n" };
    await inStorage(folder.path, (storage) => storage.write(next));
    expect(readdirSync(folder.path).sort()).toEqual([".keep", ...names]);
    expect(await inStorage(folder.path, (storage) => storage.read())).toEqual(next);
  });

  test("nothing written leaves nothing behind, and what was there stays", async () => {
    using folder = await temporaryFolder();
    await inStorage(join(folder.path, "a", "b"), () => undefined);
    expect(readdirSync(folder.path)).toEqual([]);
    writeFileSync(join(folder.path, "lock"), "");
    await inStorage(folder.path, () => undefined);
    expect(readdirSync(folder.path)).toEqual(["lock"]);
  });

  test("empty files, as tbot makes them when it finds none, are no identity", async () => {
    using folder = await temporaryFolder();
    for (const name of [...names, ".write-test"]) writeFileSync(join(folder.path, name), "");
    expect(await inStorage(folder.path, (storage) => storage.read())).toBeUndefined();
  });
});

describe("a directory that is no bot's storage", () => {
  test.each<[string, (folder: string) => void, RegExp]>([
    [
      "one file missing",
      (folder) => rmSync(join(folder, "tokenhash")),
      /a part of a bot's identity: tokenhash is missing/,
    ],
    [
      "two files empty",
      (folder) => ["key", "tlscert"].map((name) => writeFileSync(join(folder, name), "")),
      /tlscert, key are missing or empty/,
    ],
    [
      "a folder in place of a file",
      (folder) => {
        rmSync(join(folder, "key"));
        mkdirSync(join(folder, "key"));
      },
      /something else under the name key/,
    ],
    [
      "a file that is too long",
      (folder) => writeFileSync(join(folder, "key"), "x".repeat(2 ** 20 + 1)),
      /under the name key/,
    ],
    [
      "files of somebody else",
      (folder) => {
        for (const name of names) rmSync(join(folder, name));
        for (const name of ["a", "b", "c", "d"]) writeFileSync(join(folder, name), "");
      },
      /has no bot's identity in it, but other files \(.*, …\)/,
    ],
  ])("%s", async (_, spoil, message) => {
    using folder = await temporaryFolder();
    await inStorage(folder.path, (storage) => storage.write(identity));
    spoil(folder.path);
    const before = readdirSync(folder.path).filter((name) => name !== "lock");
    const error = await failure(
      inStorage(folder.path, (storage) => storage.read()),
      "ERR_OUTPUT_DATA_DIRECTORY",
    );
    expect(error.message).toMatch(message);
    expect(error.message).toContain("Nothing in it was changed");
    expect(readdirSync(folder.path).filter((name) => name !== "lock")).toEqual(before);
  });

  test("a symbolic link in place of a file is not followed", async () => {
    using folder = await temporaryFolder();
    await inStorage(folder.path, (storage) => storage.write(identity));
    rmSync(join(folder.path, "key"));
    symlinkSync("/etc/passwd", join(folder.path, "key"));
    await failure(
      inStorage(folder.path, (storage) => storage.read()),
      "ERR_OUTPUT_DIRECTORY_IS_LINK",
    );
  });

  test.each<[string, (path: string) => void, Parameters<typeof failure>[1]]>([
    ["a file", (path) => writeFileSync(path, ""), "ERR_OUTPUT_DIRECTORY_IS_FILE"],
    ["a link", (path) => symlinkSync("/tmp", path), "ERR_OUTPUT_DIRECTORY_IS_LINK"],
    [
      "what others can write to",
      (path) => {
        mkdirSync(path);
        writeFileSync(join(path, "key"), "x");
        chmodSync(path, 0o777);
      },
      "ERR_OUTPUT_DIRECTORY_SHARED",
    ],
  ])("%s is called a data directory in the message", async (_, make, code) => {
    using folder = await temporaryFolder();
    const path = join(folder.path, "data");
    make(path);
    const error = await failure(
      inStorage(path, () => undefined),
      code,
    );
    expect(error.message).toContain(`The data directory ${path}`);
  });
});

describe("the lock", () => {
  test("keeps a second run out, until the first one ends", async () => {
    using folder = await temporaryFolder();
    await inStorage(folder.path, async () => {
      const error = await failure(
        inStorage(folder.path, () => undefined),
        "ERR_OUTPUT_DIRECTORY_BUSY",
      );
      expect(error.message).toContain(`The data directory ${folder.path} is being written by process`);
    });
    await inStorage(folder.path, () => undefined);
  });

  test("is tbot's: whoever else locks the file keeps us out, and is kept out by us", async (context) => {
    const flock = requireTool(context, "flock");
    using folder = await temporaryFolder();
    const lock = join(folder.path, "lock");
    const tbot = spawn(flock, [lock, "cat"], { stdio: ["pipe", "pipe", "ignore"] });
    tbot.stdin.write("\n");
    await once(tbot.stdout, "data");
    const error = await failure(
      inStorage(folder.path, () => undefined),
      "ERR_OUTPUT_DIRECTORY_BUSY",
    );
    expect(error.message).toContain("probably tbot");
    tbot.stdin.end();
    await once(tbot, "close");
    const tryLock = async (): Promise<unknown> =>
      (await once(spawn(flock, ["-n", lock, "true"]), "close"))[0];
    await inStorage(folder.path, async () => expect(await tryLock()).toBe(1));
    expect(await tryLock()).toBe(0);
  });

  test("is ours alone where the program flock is missing", async () => {
    using folder = await temporaryFolder();
    const path = process.env["PATH"];
    process.env["PATH"] = folder.path;
    try {
      await inStorage(join(folder.path, "data"), (storage) => storage.write(identity));
    } finally {
      process.env["PATH"] = path;
    }
    expect(readdirSync(join(folder.path, "data")).sort()).toEqual(names);
  });
});
