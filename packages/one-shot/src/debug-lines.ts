import type { Runner } from "@bot-join/runner";

/** Shows debug lines as others are: a tbot.yaml may ask for them, which the runner cannot know before it is read. */
export function withDebugLines(runner: Runner): Runner {
  return { ...runner, log: { ...runner.log, debug: runner.log.info } };
}
