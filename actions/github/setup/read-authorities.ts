import { readFile } from "node:fs/promises";
import { describeError } from "@bot-join/core";
import { SetupError } from "./errors.ts";

/** Reads the authorities of a `ca-file`; undefined, the system's trust, without one. Throws `ERR_SETUP_INPUT`. */
export async function readAuthorities(path: string | undefined): Promise<string[] | undefined> {
  if (path === undefined) return undefined;
  const text = await readFile(path, "utf8").catch((error: unknown) => describeError(error));
  if (text.includes("-----BEGIN CERTIFICATE-----")) return [text];
  throw new SetupError({
    code: "ERR_SETUP_INPUT",
    kind: "user",
    message: `The input ca-file names ${path}, which is no readable PEM file with certificates.`,
    hint: "Give the path of a file that an earlier step has made, or leave the input out for the system's trust.",
  });
}
