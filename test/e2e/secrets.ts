import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect } from "vitest";
import type { BundleResult } from "../support/run-bundle.ts";

/** A value that must not be seen, and what to call it when it is. */
export interface KnownSecret {
  what: string;
  value: string;
}

/** Every regular file below a folder, absolute. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The files of an identity that hold its private key, by right. */
function holdsKey(path: string, all: ReadonlySet<string>): boolean {
  return ["key", "identity"].includes(basename(path)) && all.has(join(dirname(path), "tlscert"));
}

/** The private keys of every identity below a folder. */
export function privateKeysBelow(folder: string): KnownSecret[] {
  const files = filesBelow(folder);
  const all = new Set(files);
  return files
    .filter((path) => basename(path) === "key" && holdsKey(path, all))
    .map((path) => ({ what: `the private key ${path}`, value: readFileSync(path, "utf8") }));
}

/** The parts by which a secret is recognised: its lines, a PEM body as one, payload and signature of a JWT. */
function telltales({ value }: KnownSecret): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  const bodies = [...value.matchAll(/-----BEGIN [^-]+-----([^-]+)-----END/g)].map(([, body = ""]) =>
    body.replace(/\s+/g, ""),
  );
  const segments = /^eyJ[\w-]+(\.[\w-]+){2}$/.test(value) ? value.split(".").slice(1) : [];
  return [...lines, ...bodies, ...segments].filter((part) => part.length >= 4 && !part.startsWith("-----"));
}

/**
 * The stretch of a PKCS#8 body, P-256 or RSA-2048, that holds nothing but the public key: certificates have it too, now
 * and then with the same line ends.
 */
function publicStretch(body: string): string {
  if (body.startsWith("MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg")) return body.slice(92);
  return body.startsWith("MIIEv") ? body.slice(0, 396) : "";
}

/** What a log shows: standard output without the commands that mask. */
export function shownText(stdout: string): string {
  return stdout
    .split("\n")
    .filter((line) => !line.startsWith("::add-mask::"))
    .join("\n");
}

/**
 * Expects that no secret is in what processes printed, commands that mask apart, nor in a file below the folder, but
 * for the private keys in the identities themselves and the files named in `except`.
 */
export function expectNothingLeaked(
  secrets: KnownSecret[],
  results: BundleResult[],
  folder: string,
  except: string[],
): void {
  const files = filesBelow(folder);
  const all = new Set(files);
  const texts = [
    ...results.flatMap(({ stdout, stderr }) => [
      { where: "standard output", text: shownText(stdout), isIdentity: false },
      { where: "standard error", text: stderr, isIdentity: false },
    ]),
    ...files
      .filter((path) => !except.includes(path))
      .map((path) => ({
        where: path,
        text: readFileSync(path, "utf8"),
        isIdentity: holdsKey(path, all),
      })),
  ];
  const looked = secrets.map((secret) => ({ what: secret.what, parts: telltales(secret) }));
  const harmless = looked.flatMap(({ parts }) => parts.map(publicStretch)).join("\n");
  const leaks = texts.flatMap(({ where, text, isIdentity }) =>
    looked
      .filter(({ what }) => !(isIdentity && what.startsWith("the private key")))
      .filter(({ parts }) => parts.some((part) => text.includes(part) && !harmless.includes(part)))
      .map(({ what }) => `${what} is in ${where}`),
  );
  expect(leaks).toEqual([]);
  const keys = texts.filter(({ text, isIdentity }) => !isIdentity && /BEGIN [A-Z ]*PRIVATE KEY/.test(text));
  expect(keys.map(({ where }) => where).filter((where) => !where.endsWith("ssh-proxy.cjs"))).toEqual([]);
}

/** Expects that every part of every secret was masked by a line of its own, as the runner wants it. */
export function expectMasked(secrets: KnownSecret[], known: ReadonlySet<string>): void {
  const unmasked = secrets.flatMap((secret) =>
    secret.value
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line.length >= 4 && !line.startsWith("-----") && !known.has(line))
      .map(() => secret.what),
  );
  expect(unmasked).toEqual([]);
}
