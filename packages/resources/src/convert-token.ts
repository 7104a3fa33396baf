import { readDocuments } from "./documents.ts";
import { ResourceError } from "./errors.ts";
import type { Key, KeyTable } from "./keys.ts";
import { isMapping } from "./mapping.ts";
import { checkToken } from "./parse-resources.ts";
import { type DocumentPath, formatPath, formatProblem } from "./problem.ts";
import { flagMeaning } from "./shape.ts";
import { isTerraformJson, terraformTokens, terraformType } from "./terraform/terraform-json.ts";
import { writeResourceBlock } from "./terraform/write-hcl.ts";
import { formatTimestamp, readTimestamp } from "./timestamp.ts";
import { bareValues, type TokenDocument } from "./token-document.ts";
import { tokenKeys } from "./token-keys.ts";
import { writeYaml } from "./write-yaml.ts";

/** A form that a token can be written in: tctl's YAML or JSON, or Terraform's HCL. */
export type TokenForm = "yaml" | "json" | "hcl";

/** Keys of tctl's document that the Terraform resource does not have (provision-token.md section 8). */
const notInTerraform: readonly DocumentPath[] = [
  ["sub_kind"],
  ["metadata", "namespace"],
  ["metadata", "revision"],
  ["metadata", "id"],
  ["status"],
];

/**
 * Reads the provision tokens of a text as plain documents: YAML, JSON, or what `terraform show -json` prints of a state
 * or a plan. Documents of other kinds are left out. Throws ERR_RESOURCE_SIZE, ERR_RESOURCE_SYNTAX, or
 * ERR_RESOURCE_INVALID when there is no token in it.
 */
export function readTokenDocuments(text: string, source: string): TokenDocument[] {
  const report = checkToken(text, source);
  if (report.unreadable === undefined) {
    const tokens = readDocuments(text)
      .documents.flatMap((document) =>
        isTerraformJson(document.value) ? terraformTokens(document) : [document],
      )
      .flatMap(({ value }) => (isMapping(value) && value["kind"] === "token" ? [value] : []));
    if (tokens.length > 0) return tokens as unknown as TokenDocument[];
  }
  const listed = report.problems.map(formatProblem);
  throw new ResourceError({
    code: report.unreadable ?? "ERR_RESOURCE_INVALID",
    kind: "user",
    message: [`Reading tokens from ${source}: there is none.`, ...listed].join("\n"),
    hint: "Give a document of kind token, or the JSON of a Terraform state or plan with teleport_provision_token resources.",
    details: { problems: report.problems },
  });
}

/**
 * Writes a token document in another form, so that there and back gives the same document. Throws
 * ERR_RESOURCE_CONVERT, naming the key, for what the target cannot hold: unknown keys, values of the wrong type,
 * words for switches that mean nothing, and, for HCL, the keys that the Terraform resource does not have and
 * fractions of seconds.
 */
export function convertToken(document: TokenDocument, to: TokenForm): string {
  const plain = readMapping(document, tokenKeys, [], to);
  const metadata = isMapping(plain["metadata"]) ? plain["metadata"] : {};
  if (plain["version"] !== "v2") throw fault(["version"], to, "has to be v2");
  if (typeof metadata["name"] !== "string" && to !== "hcl") {
    throw fault(["metadata", "name"], to, "is missing: Terraform makes one up when it applies the resource");
  }
  const ordered = { kind: "token", ...plain };
  if (to === "yaml") return writeYaml(ordered);
  if (to === "json") return `${JSON.stringify(ordered, undefined, 4)}\n`;
  for (const path of notInTerraform) {
    const parent = path
      .slice(0, -1)
      .reduce<unknown>((value, key) => (isMapping(value) ? value[key] : undefined), plain);
    if (isMapping(parent) && path.at(-1) !== undefined && parent[String(path.at(-1))] !== undefined) {
      throw fault(path, to, "is no attribute of the Terraform resource");
    }
  }
  const { kind: _kind, version, ...rest } = plain;
  return writeResourceBlock(terraformType, labelOf(plain, metadata), { version, ...rest });
}

/** Makes the resource's label; the name of a token of method token is a secret and must not be in it. */
function labelOf(plain: Record<string, unknown>, metadata: Record<string, unknown>): string {
  const spec = isMapping(plain["spec"]) ? plain["spec"] : {};
  const method = spec["join_method"] ?? (spec["allow"] === undefined ? "token" : "ec2");
  const name = method === "token" ? "" : String(metadata["name"] ?? "");
  const label = name.replaceAll(/[^A-Za-z0-9_-]+/g, "_");
  if (label === "") return "token";
  return /^[A-Za-z_]/.test(label) ? label : `_${label}`;
}

function readMapping(
  value: unknown,
  keys: KeyTable,
  path: DocumentPath,
  to: TokenForm,
): Record<string, unknown> {
  if (!isMapping(value)) throw fault(path, to, "must be a mapping");
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(keys, name)) throw fault([...path, name], to, "is no key of a token");
  }
  // The order of the table, so that documents of one content are written alike.
  const kept = Object.entries(keys).flatMap(([name, key]): [string, unknown][] => {
    const inner = Object.hasOwn(value, name) ? value[name] : undefined;
    return inner === undefined || inner === null ? [] : [[name, readValue(inner, key, [...path, name], to)]];
  });
  return Object.fromEntries(kept);
}

function readValue(value: unknown, key: Key, path: DocumentPath, to: TokenForm): unknown {
  const must = (fits: boolean, wanted: string): void => {
    if (!fits) throw fault(path, to, `must be ${wanted}`);
  };
  switch (key.kind) {
    case "block":
      return readMapping(value, key.keys, path, to);
    case "list":
      must(Array.isArray(value), "a list");
      return (value as unknown[]).map((item, index) => readMapping(item, key.keys, [...path, index], to));
    case "texts":
      must(isTexts(value), "a list of texts");
      return value;
    case "flag":
      return readFlag(value, path, to);
    case "switch":
      must(typeof value === "boolean", "true or false");
      return value;
    case "number":
      must(typeof value === "number", "a number");
      return value;
    case "time":
      must(typeof value === "string", "text");
      return to === "hcl" ? terraformTime(String(value), path) : value;
    case "value-lists":
      must(
        isMapping(value) && Object.values(value).every((each) => typeof each === "string" || isTexts(each)),
        "label values",
      );
      return to === "hcl"
        ? listValues(value as Record<string, unknown>)
        : bareValues(value as Record<string, unknown>);
    case "text-map":
      must(
        isMapping(value) && Object.values(value).every((each) => typeof each === "string"),
        "names to texts",
      );
      return value;
    case "anything":
      return value;
    default:
      must(typeof value === "string", "text");
      return value;
  }
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function readFlag(value: unknown, path: DocumentPath, to: TokenForm): boolean {
  const meaning = typeof value === "string" ? flagMeaning(value) : value;
  if (typeof meaning === "boolean") return meaning;
  throw fault(path, to, "is neither true nor false");
}

function listValues(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === "string" ? [value] : value]),
  );
}

/** Terraform's provider keeps times in whole seconds of UTC. */
function terraformTime(written: string, path: DocumentPath): string {
  const time = readTimestamp(written);
  if (time === undefined) throw fault(path, "hcl", "is no RFC 3339 time");
  if (/\.\d*[1-9]/.test(written))
    throw fault(path, "hcl", "has a fraction of a second, which Terraform cuts off");
  return formatTimestamp(time);
}

function fault(path: DocumentPath, to: TokenForm, what: string): ResourceError {
  const key = formatPath(path);
  return new ResourceError({
    code: "ERR_RESOURCE_CONVERT",
    kind: "user",
    message: `Converting a token to ${to}: ${key === "" ? "the document" : key} ${what}.`,
    hint: "Change or remove this key; everything else is converted as it is.",
    details: { key, to },
  });
}
