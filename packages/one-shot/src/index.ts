export { cleanUp } from "./cleanup.ts";
export { createPlan, type PlanFacts } from "./create-plan.ts";
export type { DataDirectory, OpenDataDirectory } from "./data-directory.ts";
export { OneShotError, type OneShotErrorCode, oneShotErrorCodes } from "./errors.ts";
export { openDataDirectory } from "./kept-bot.ts";
export { type MainOptions, main } from "./main.ts";
export type { Plan, PlannedOutput } from "./plan.ts";
export type { JoinReport } from "./report.ts";
export { runJoin } from "./run.ts";
