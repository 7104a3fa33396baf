import type { LocatedDocument } from "../documents.ts";
import { isMapping } from "../mapping.ts";
import type { DocumentPath } from "../problem.ts";

/** The type of the resource that is a provision token. */
export const terraformType = "teleport_provision_token";

/** How deep modules may be nested; Terraform itself has no limit, and nobody comes near. */
const maxModules = 32;

/** Tells what `terraform show -json` prints, of a state or a plan, from a resource document. */
export function isTerraformJson(value: unknown): boolean {
  return (
    isMapping(value) &&
    !("kind" in value) &&
    ("values" in value || "planned_values" in value || "prior_state" in value)
  );
}

/**
 * Finds the provision tokens in what `terraform show -json` prints: those of `planned_values` for a plan, of `values` for
 * a state. Each is given as the document that it stands for, with places in the Terraform JSON.
 */
export function terraformTokens(json: LocatedDocument): LocatedDocument[] {
  const root = isMapping(json.value) ? json.value : {};
  const top = "planned_values" in root ? "planned_values" : "values";
  const tokens: LocatedDocument[] = [];
  const visit = (module: unknown, path: DocumentPath, depth: number): void => {
    if (!isMapping(module) || depth > maxModules) return;
    for (const [index, resource] of listOf(module["resources"]).entries()) {
      if (!isMapping(resource) || resource["type"] !== terraformType || resource["mode"] === "data") continue;
      const prefix = [...path, "resources", index, "values"];
      tokens.push({
        value: tokenOfTerraform(resource["values"]),
        prefix,
        positionOf: (inner) => json.positionOf([...prefix, ...inner]),
        keyPositionOf: (inner) => json.keyPositionOf([...prefix, ...inner]),
      });
    }
    for (const [index, child] of listOf(module["child_modules"]).entries()) {
      visit(child, [...path, "child_modules", index], depth + 1);
    }
  };
  const values = root[top];
  if (isMapping(values)) visit(values["root_module"], [top, "root_module"], 0);
  return tokens;
}

/**
 * Turns the attributes of a `teleport_provision_token` resource into the document that they stand for: null is
 * absent, and what the provider computes (`id`, `status`) is left out.
 */
function tokenOfTerraform(attributes: unknown): unknown {
  if (!isMapping(attributes)) return attributes;
  const { id: _id, status: _status, kind: _kind, ...written } = attributes;
  return { kind: "token", ...(withoutNulls(written) as object) };
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isMapping(value)) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]));
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
