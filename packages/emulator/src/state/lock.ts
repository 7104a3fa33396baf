/** Something that may use the cluster no more. */
export interface Lock {
  /** As texts name it, such as `User:"bot-robot"`. */
  readonly target: string;
  readonly message: string;
}

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
