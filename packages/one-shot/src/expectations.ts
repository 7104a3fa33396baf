import type { BotIdentity, IssuedOutputs } from "@bot-join/join";
import { OneShotError } from "./errors.ts";
import type { Plan } from "./plan.ts";

/** Refuses to go on when the cluster made someone else of this job than the user expects. Throws `ERR_RUN_UNEXPECTED_IDENTITY`. */
export function checkExpectations(plan: Plan, { identity }: BotIdentity, issued: IssuedOutputs): void {
  const { cluster, botName: bot } = identity;
  const differences: string[] = [];
  const { expect } = plan;
  if (expect.cluster !== undefined && expect.cluster !== cluster) {
    differences.push(`the cluster is ${cluster}, expected ${expect.cluster}`);
  }
  if (expect.bot !== undefined && expect.bot !== bot)
    differences.push(`the bot is ${bot}, expected ${expect.bot}`);
  const roles = issued.outputs[0]?.roles ?? [];
  const same = roles.length === expect.roles.length && expect.roles.every((role) => roles.includes(role));
  if (expect.roles.length > 0 && !same) {
    differences.push(
      `the roles are ${[...roles].sort().join(", ")}, expected ${[...expect.roles].sort().join(", ")}`,
    );
  }
  if (differences.length === 0) return;
  throw new OneShotError({
    code: "ERR_RUN_UNEXPECTED_IDENTITY",
    kind: "user",
    message: `The join gave another identity than expected: ${differences.join("; ")}. Nothing was written or exported.`,
    hint: "Correct the inputs expect-cluster, expect-bot and expect-roles, or find out why the cluster differs.",
  });
}
