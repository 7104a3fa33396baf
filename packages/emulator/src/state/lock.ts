import { writeYaml } from "@bot-join/resources";
import { readBlockYaml } from "./read-yaml.ts";

/** Something that may use the cluster no more. */
export interface Lock {
  readonly kind: "lock";
  /** Random id of the resource. */
  readonly name: string;
  /** As texts name it, such as `User:"bot-robot"`. */
  readonly target: string;
  readonly message: string;
}

/** How texts call each kind of target, by its key in a lock's document. */
const targetKinds: Readonly<Record<string, string>> = {
  user: "User",
  role: "Role",
  bot_instance_id: "BotInstanceID",
};

/** Names a user as a lock's target. */
export function userTarget(username: string): string {
  return `User:${JSON.stringify(username)}`;
}

/** Names a role as a lock's target (user-certs.md section 7). */
export function roleTarget(role: string): string {
  return `Role:${JSON.stringify(role)}`;
}

/** Names a bot instance as a lock's target; the server's spelling is not known. */
export function botInstanceTarget(instanceId: string): string {
  return `BotInstanceID:${JSON.stringify(instanceId)}`;
}

/** Writes a lock as a `kind: lock` document. */
export function lockDocument({ name, target, message }: Lock): string {
  const separator = target.indexOf(":");
  const kind =
    Object.keys(targetKinds).find((key) => targetKinds[key] === target.slice(0, separator)) ?? "user";
  const spec = { target: { [kind]: JSON.parse(target.slice(separator + 1)) as string }, message };
  return writeYaml({ kind: "lock", version: "v2", metadata: { name }, spec });
}

/** Reads what {@link lockDocument} wrote; undefined for any other document. */
export function readLock(text: string): Lock | undefined {
  const { kind, metadata, spec } = membersOf(readBlockYaml(text));
  if (kind !== "lock") return undefined;
  const { target, message } = membersOf(spec);
  const [[type, name] = ["", ""]] = Object.entries(membersOf(target));
  return {
    kind: "lock",
    name: String(membersOf(metadata)["name"]),
    target: `${targetKinds[type] ?? type}:${JSON.stringify(name)}`,
    message: typeof message === "string" ? message : "",
  };
}

function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
