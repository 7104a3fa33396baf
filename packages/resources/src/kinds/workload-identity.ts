import * as v from "valibot";
import { parseResourceDuration } from "../duration.ts";
import type { DocumentPath, DocumentProblem } from "../problem.ts";
import { ignored, list, mapping, optionalMapping, type Shape, text, texts } from "../shape.ts";
import type { WorkloadCondition, WorkloadIdentityResource } from "../targets.ts";
import { type Kind, kindOfShape, type Reading } from "./kind.ts";
import { checkMetadata, type Metadata, metadataShape, optionalMetadata } from "./metadata.ts";
import { checkVersion } from "./version.ts";

interface WrittenCondition {
  attribute: string;
  eq: { value: string } | undefined;
  not_eq: { value: string } | undefined;
  in: { values: string[] } | undefined;
  not_in: { values: string[] } | undefined;
}

interface WorkloadIdentityDocument {
  version: string;
  metadata: Metadata;
  spec: {
    rules: { allow: { conditions: WrittenCondition[]; expression: string }[] };
    spiffe: {
      id: string;
      hint: string;
      x509: { dns_sans: string[]; maximum_ttl: string };
      jwt: { maximum_ttl: string };
    };
  };
}

/** A mapping that may be absent. */
function optional<Output>(shape: Shape<Output>): Shape<Output | undefined> {
  return v.pipe(
    v.nullish(mapping(shape)),
    v.transform((value) => value ?? undefined),
  );
}

const oneValue = optional(v.object({ value: text }));
const severalValues = optional(v.object({ values: texts }));

/** `kind: workload_identity`, since version 17; its form follows Teleport's public reference, nothing was measured. */
export const workloadIdentityKind: Kind = kindOfShape<WorkloadIdentityDocument>(
  v.object({
    kind: text,
    sub_kind: text,
    version: text,
    metadata: metadataShape,
    spec: optionalMapping(
      v.object({
        rules: optionalMapping(
          v.object({
            allow: list(
              mapping(
                v.object({
                  conditions: list(
                    mapping(
                      v.object({
                        attribute: text,
                        eq: oneValue,
                        not_eq: oneValue,
                        in: severalValues,
                        not_in: severalValues,
                      }),
                    ),
                  ),
                  expression: text,
                }),
              ),
            ),
          }),
        ),
        spiffe: optionalMapping(
          v.object({
            id: text,
            hint: text,
            x509: optionalMapping(
              v.object({ dns_sans: texts, maximum_ttl: text, subject_template: ignored }),
            ),
            jwt: optionalMapping(v.object({ maximum_ttl: text, extra_claims: ignored })),
          }),
        ),
      }),
    ),
    status: ignored,
  }),
  read,
);

function read({ version, metadata, spec }: WorkloadIdentityDocument): Omit<Reading, "keyWarnings"> {
  const problems = [...checkMetadata(metadata), ...checkVersion("workload_identity", version, "v1")];
  const { id, hint, x509, jwt } = spec.spiffe;
  if (!id.startsWith("/") || id.endsWith("/")) {
    const message = `${JSON.stringify(id)} is not the path of a SPIFFE ID: it starts with / and does not end with one`;
    problems.push({ path: ["spec", "spiffe", "id"], message });
  }
  const allow = spec.rules.allow.map(({ conditions, expression }, index) => {
    const path = ["spec", "rules", "allow", index];
    if (expression !== "") {
      const message = "an expression cannot be evaluated here: write conditions";
      problems.push({ path: [...path, "expression"], message });
    } else if (conditions.length === 0) {
      problems.push({ path, message: "a rule needs conditions" });
    }
    return conditions.flatMap((condition, at) =>
      readCondition(condition, [...path, "conditions", at], problems),
    );
  });
  const limit = (written: string, part: string): number | undefined => {
    const ttl = written === "" ? 0 : parseResourceDuration(written);
    if (ttl === undefined) {
      const message = `${JSON.stringify(written)} is not a duration such as 8h or 1h30m`;
      problems.push({ path: ["spec", "spiffe", part, "maximum_ttl"], message });
    }
    return ttl === 0 ? undefined : ttl;
  };
  const x509MaxTtlMs = limit(x509.maximum_ttl, "x509");
  const jwtMaxTtlMs = limit(jwt.maximum_ttl, "jwt");
  const resource: WorkloadIdentityResource = {
    kind: "workload_identity",
    version: "v1",
    name: metadata.name,
    ...optionalMetadata(metadata),
    allow,
    spiffe: {
      id,
      hint,
      dnsSans: x509.dns_sans,
      ...(x509MaxTtlMs !== undefined && { x509MaxTtlMs }),
      ...(jwtMaxTtlMs !== undefined && { jwtMaxTtlMs }),
    },
  };
  return { resource, problems, warnings: [] };
}

function readCondition(
  written: WrittenCondition,
  path: DocumentPath,
  problems: DocumentProblem[],
): WorkloadCondition[] {
  const { attribute } = written;
  if (attribute === "") problems.push({ path, message: "a condition needs an attribute" });
  const found: WorkloadCondition[] = [];
  if (written.eq !== undefined) found.push({ attribute, operator: "eq", values: [written.eq.value] });
  if (written.not_eq !== undefined)
    found.push({ attribute, operator: "not_eq", values: [written.not_eq.value] });
  if (written.in !== undefined) found.push({ attribute, operator: "in", values: written.in.values });
  if (written.not_in !== undefined)
    found.push({ attribute, operator: "not_in", values: written.not_in.values });
  if (found.length !== 1) {
    problems.push({ path, message: "a condition needs exactly one of eq, not_eq, in, not_in" });
  }
  return found;
}
