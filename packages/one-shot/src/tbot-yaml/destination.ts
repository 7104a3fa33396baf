import { fileURLToPath } from "node:url";
import { isMap, isScalar, type Node } from "yaml";
import type { PlannedDestination } from "../plan.ts";
import { Section } from "./section.ts";
import type { YamlDocument } from "./yaml-document.ts";

/** What cannot be, and why (outputs.md section 8). */
const refusedTypes: Readonly<Record<string, string>> = {
  kubernetes_secret:
    "it belongs to bots that live in a Kubernetes cluster and renew it there; a job writes a directory",
  nop: "it is tbot's own, for its tests",
};

const refusedKeys: Readonly<Record<string, string>> = {
  readers: "bot-join sets no access control lists; let the readers' user run the job, or copy the files",
};

const symlinks = ["insecure", "try-secure", "secure"] as const;

/** Reads a destination: a mapping as in tbot.yaml, or a text that is a path. Relative paths count from the working directory. */
export function readDestination(
  document: YamlDocument,
  node: Node,
  absolute: (path: string) => string,
): PlannedDestination | undefined {
  if (isScalar(node) && typeof node.value === "string")
    return readDestinationText(document, node, node.value, absolute);
  if (!isMap(node)) {
    document.problem(node, "a destination is a mapping: type: directory, path: …");
    return undefined;
  }
  return readDestinationSection(new Section(document, node), absolute);
}

/** Reads a destination whose keys stand in a section, as `storage` has them. Every other key of it is reported. */
export function readDestinationSection(
  section: Section,
  absolute: (path: string) => string,
): PlannedDestination | undefined {
  const short = section.text("directory");
  const type = section.text("type") ?? "directory";
  const policy = section.choice("symlinks", symlinks) ?? "try-secure";
  // tbot checks and corrects lists of its own there; the files here are 0600 in folders 0700 either way.
  section.choice("acls", ["off", "try", "required"]);
  section.refuse(refusedKeys);
  const reason = refusedTypes[type];
  if (reason !== undefined || !["directory", "memory"].includes(type)) {
    section.problem(
      "type",
      reason === undefined
        ? `unknown destination type ${JSON.stringify(type)}: it is directory or memory`
        : `destinations of type ${type} are not possible: ${reason}`,
    );
    return undefined;
  }
  if (type === "memory") section.refuse({ path: "a destination in memory has none" });
  const path =
    type === "directory" ? (short ?? section.requiredText("path", "destination path must not be empty")) : "";
  section.finish();
  if (type === "memory") return { kind: "memory" };
  return path === "" ? undefined : { kind: "directory", path: absolute(path), symlinks: policy };
}

/** A path, or tbot's URI for a destination (outputs.md section 8.1). */
function readDestinationText(
  document: YamlDocument,
  node: Node,
  text: string,
  absolute: (path: string) => string,
): PlannedDestination | undefined {
  const destination = destinationOf(text, absolute);
  if (typeof destination !== "string") return destination;
  document.problem(node, destination);
  return undefined;
}

/** Turns a path or URI into a destination; a text says what is wrong with it. */
function destinationOf(text: string, absolute: (path: string) => string): PlannedDestination | string {
  const scheme = /^([a-z][a-z0-9+-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (text === "") return "destination path must not be empty";
  if (scheme === undefined) return { kind: "directory", path: absolute(text), symlinks: "try-secure" };
  if (scheme === "memory") {
    return /^memory:\/\/$/i.test(text)
      ? { kind: "memory" }
      : "a destination in memory has no path: memory://";
  }
  if (scheme === "kubernetes-secret")
    return `destinations of type kubernetes_secret are not possible: ${refusedTypes["kubernetes_secret"]}`;
  if (scheme !== "file") return `destinations of the kind ${scheme} are not possible; file and memory are`;
  try {
    return { kind: "directory", path: absolute(fileURLToPath(text)), symlinks: "try-secure" };
  } catch {
    return `${JSON.stringify(text)} is no URI of a local directory: file:///absolute/path without a host is`;
  }
}
