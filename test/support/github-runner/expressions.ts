/** What expressions of a workflow can see: contexts by name, each a tree of texts. */
export type Contexts = Readonly<Record<string, unknown>>;

/** How the job stands when a condition is asked. */
export interface JobStatus {
  failed: boolean;
}

const functions: Readonly<Record<string, (status: JobStatus) => boolean>> = {
  "always()": () => true,
  "failure()": ({ failed }) => failed,
  "success()": ({ failed }) => !failed,
};

function lookUp(path: string, contexts: Contexts): string {
  if (!/^[a-z]+(\.[\w-]+)+$/i.test(path)) {
    throw new Error(`the player evaluates plain properties only, not \${{ ${path} }}`);
  }
  let value: unknown = contexts;
  for (const name of path.split(".")) {
    value = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  }
  return value === undefined ? "" : String(value);
}

/** Replaces every `${{ context.name }}` of a text; a property that is not there is empty, as on the real runner. */
export function expand(text: string, contexts: Contexts): string {
  return text.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, path: string) => lookUp(path, contexts));
}

/** Tells whether a step runs. Without a condition it does when nothing failed before it. */
export function shouldRun(condition: string | undefined, status: JobStatus): boolean {
  const name = (condition ?? "success()").replace(/^\$\{\{\s*(.*?)\s*\}\}$/, "$1");
  const known = functions[name];
  if (known === undefined) throw new Error(`the player knows no condition ${name}`);
  return known(status);
}
