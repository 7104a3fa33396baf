import * as v from "valibot";
import type { DocumentProblem } from "../problem.ts";
import { ignored, optionalMapping, record, type Shape, text } from "../shape.ts";

/** `metadata`, the same for every kind. */
export interface Metadata {
  name: string;
  description: string;
  labels: Record<string, string>;
  /** RFC 3339; empty for never. */
  expires: string;
}

/** The shape of `metadata` (provision-token.md section 1). */
export const metadataShape: Shape<Metadata> = optionalMapping(
  v.object({
    name: text,
    namespace: text,
    description: text,
    labels: record(text),
    expires: text,
    revision: text,
    id: ignored,
  }),
);

const labelKeyPattern = /^[a-zA-Z/.0-9_:*-]+$/;
const timestampPattern = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** Checks `metadata` as the server does. */
export function checkMetadata(metadata: Metadata): DocumentProblem[] {
  const problems: DocumentProblem[] = [];
  if (metadata.name === "") {
    problems.push({ path: ["metadata", "name"], message: "missing parameter Name" });
  }
  for (const key of Object.keys(metadata.labels)) {
    if (labelKeyPattern.test(key)) continue;
    problems.push({
      path: ["metadata", "labels", key],
      message: `invalid label key: ${JSON.stringify(key)}`,
    });
  }
  if (metadata.expires !== "" && readTimestamp(metadata.expires) === undefined) {
    const message = "must be an RFC 3339 time such as 2027-01-01T00:00:00Z";
    problems.push({ path: ["metadata", "expires"], message });
  }
  return problems;
}

/** Reads an RFC 3339 time, precise to the millisecond; undefined for anything else. */
export function readTimestamp(written: string): Date | undefined {
  if (!timestampPattern.test(written)) return undefined;
  const date = new Date(written.toUpperCase());
  // February 30 would otherwise become March 2.
  const day = new Date(written.slice(0, 10));
  const exists = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(written.slice(0, 10));
  return exists && !Number.isNaN(date.getTime()) ? date : undefined;
}

/** Gives what of `metadata` a resource holds only where it was written. */
export function optionalMetadata(metadata: Metadata): {
  description?: string;
  labels: Record<string, string>;
} {
  const { description, labels } = metadata;
  return description === "" ? { labels } : { description, labels };
}
