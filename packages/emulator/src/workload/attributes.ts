import type { UserCaller } from "../caller.ts";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";

/** What rules and templates of workload identities may name, such as `join.github.repository`. */
export type WorkloadAttributes = Readonly<Record<string, unknown>>;

/** Collects what is known of a caller: its user, and the attributes of its join, which its certificate holds. */
export function workloadAttributes({ state }: ClusterContext, caller: UserCaller): WorkloadAttributes {
  const labels = state.users.get(caller.username)?.user.labels ?? {};
  return {
    user: {
      name: caller.username,
      is_bot: caller.botName !== undefined,
      bot_name: caller.botName ?? "",
      bot_instance_id: caller.botInstanceId ?? "",
      labels,
    },
    join: JSON.parse(caller.joinAttributes ?? "{}") as unknown,
  };
}

/** Gives one attribute as text; undefined for one that is not there. */
export function attributeText(attributes: WorkloadAttributes, path: string): string | undefined {
  const found = path
    .split(".")
    .reduce<unknown>(
      (within, key) =>
        typeof within === "object" && within !== null && Object.hasOwn(within, key)
          ? Reflect.get(within, key)
          : undefined,
      attributes,
    );
  return ["string", "number", "boolean"].includes(typeof found) ? String(found) : undefined;
}

/** Fills `{{ path }}` of a template in; an attribute that is not there is refused. */
export function fillTemplate(template: string, attributes: WorkloadAttributes): string {
  return template.replace(/\{\{\s*([\w.-]+)\s*\}\}/g, (_, path: string) => {
    const value = attributeText(attributes, path);
    if (value !== undefined && value !== "") return value;
    throw new Refusal(
      "bad-parameter",
      `templating ${JSON.stringify(template)}\n\tattribute ${path} is not set`,
    );
  });
}
