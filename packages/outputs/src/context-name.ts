import { OutputError } from "./errors.ts";

/** What a template may put in. */
export interface ContextNames {
  /** The Teleport cluster. */
  clusterName: string;
  /** The Kubernetes cluster. */
  kubeName: string;
}

const fields: ReadonlyMap<string, keyof ContextNames> = new Map([
  [".ClusterName", "clusterName"],
  [".KubeName", "kubeName"],
]);

/**
 * Fills in a `context_name_template`: of Go's text templates the actions `{{.ClusterName}}` and `{{.KubeName}}`, which are
 * all that tbot offers (outputs.md section 1.2). Throws `ERR_OUTPUT_CONTEXT_NAME` for another action and for an empty result.
 */
export function expandContextName(template: string, names: ContextNames): string {
  const name = template.replace(/\{\{(?:((?:(?!\}\}).)*)\}\})?/gs, (action, inner: string | undefined) => {
    const field = fields.get(inner?.trim() ?? "");
    if (field !== undefined) return names[field];
    throw unusable(template, inner === undefined ? "does not close its {{" : `has the action ${action}`);
  });
  if (name === "") throw unusable(template, "gives an empty name");
  return name;
}

function unusable(template: string, what: string): OutputError {
  return new OutputError({
    code: "ERR_OUTPUT_CONTEXT_NAME",
    kind: "user",
    message: `The context_name_template ${JSON.stringify(template)} ${what}.`,
    hint: "It may hold text, {{.ClusterName}} and {{.KubeName}}.",
  });
}
