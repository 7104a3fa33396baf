import { execFileSync } from "node:child_process";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, type TestContext } from "vitest";
import { requireTool } from "../../../../test/support/tools.ts";
import { FormatError, type FormatErrorCode } from "../errors.ts";
import type { PublicKeyType } from "../openssh-public-key.ts";

/** Gives a recorded file of test/vectors/formats. */
export function vector(name: string): string {
  return readFileSync(new URL(`../../../../test/vectors/formats/${name}`, import.meta.url), "utf8");
}

/** A key pair for every type that the package knows, made once a run. */
export const keyPairs: Readonly<Record<PublicKeyType, { publicKey: KeyObject; privateKey: KeyObject }>> = {
  "ssh-rsa": generateKeyPairSync("rsa", { modulusLength: 2048 }),
  "ecdsa-sha2-nistp256": generateKeyPairSync("ec", { namedCurve: "P-256" }),
  "ecdsa-sha2-nistp384": generateKeyPairSync("ec", { namedCurve: "P-384" }),
  "ecdsa-sha2-nistp521": generateKeyPairSync("ec", { namedCurve: "P-521" }),
  "ssh-ed25519": generateKeyPairSync("ed25519"),
};

/** Lists the key types of {@link keyPairs}. */
export const keyTypes: readonly PublicKeyType[] = Object.keys(keyPairs) as PublicKeyType[];

/** Expects a FormatError with this code. */
export function expectCode(action: () => unknown, code: FormatErrorCode): void {
  expect(action).toThrow(expect.objectContaining({ name: "FormatError", code }) as Error);
}

/** Runs a decoder on hostile input: any outcome is fine but an error that is no FormatError. */
export function expectNoCrash(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
  }
}

/** A folder that is removed when the running test ends. */
export class TestFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), "bot-join-formats-"));

  constructor() {
    onTestFinished(() => rmSync(this.path, { recursive: true }));
  }

  /** Writes a file that only its owner can read, as ssh-keygen demands of keys, and gives its path. */
  write(name: string, content: string | Uint8Array): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    chmodSync(path, 0o600);
    return path;
  }

  read(name: string): string {
    return readFileSync(join(this.path, name), "utf8");
  }
}

/** Runs ssh-keygen or openssl in UTC, or skips the test where it is missing. */
export function runOracle(context: TestContext, tool: string, args: string[], input?: Uint8Array): string {
  const env = { ...process.env, TZ: "UTC" };
  const path = requireTool(context, tool);
  return execFileSync(path, args, { encoding: "utf8", env, input, stdio: ["pipe", "pipe", "pipe"] });
}
