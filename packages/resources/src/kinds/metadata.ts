import * as v from "valibot";
import type { DocumentProblem } from "../problem.ts";
import { ignored, optionalMapping, record, type Shape, text } from "../shape.ts";
import { readTimestamp } from "../timestamp.ts";

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

/** Gives what of `metadata` a resource holds only where it was written. */
export function optionalMetadata(metadata: Metadata): {
  description?: string;
  labels: Record<string, string>;
} {
  const { description, labels } = metadata;
  return description === "" ? { labels } : { description, labels };
}
