import type { BotKind, BotServiceHealth, UpdaterStatus } from "./bot-instance.ts";

/** Names of BotKind in protobuf's JSON (bot-instance.md section 1; numbers in profiles.md). */
export const botKindNames: Readonly<Record<BotKind, string>> = {
  unspecified: "BOT_KIND_UNSPECIFIED",
  tbot: "BOT_KIND_TBOT_BINARY",
  "terraform-provider": "BOT_KIND_TERRAFORM_PROVIDER",
  "kubernetes-operator": "BOT_KIND_KUBERNETES_OPERATOR",
};

/** Names of the health of a service. */
export const healthNames: Readonly<Record<BotServiceHealth["status"], string>> = {
  unspecified: "BOT_INSTANCE_HEALTH_STATUS_UNSPECIFIED",
  initializing: "BOT_INSTANCE_HEALTH_STATUS_INITIALIZING",
  healthy: "BOT_INSTANCE_HEALTH_STATUS_HEALTHY",
  unhealthy: "BOT_INSTANCE_HEALTH_STATUS_UNHEALTHY",
};

/** Names of the state of an updater. */
export const updaterNames: Readonly<Record<UpdaterStatus, string>> = {
  unspecified: "UPDATER_STATUS_UNSPECIFIED",
  ok: "UPDATER_STATUS_OK",
  disabled: "UPDATER_STATUS_DISABLED",
  pinned: "UPDATER_STATUS_PINNED",
  unreadable: "UPDATER_STATUS_UNREADABLE",
};

/** Finds what a name of protobuf's JSON stands for; absent and unknown names give `unspecified`. */
export function valueOfName<Value extends string>(
  names: Readonly<Record<Value, string>>,
  name: string,
  otherwise: Value,
): Value {
  const values = Object.keys(names) as Value[];
  return values.find((value) => names[value] === name) ?? otherwise;
}
