import { startConnections } from "./connect.ts";
import type { Run, RunContext } from "./context.ts";
import { nothingKept } from "./data-directory.ts";
import { startDeadline } from "./deadline.ts";
import { openDestinations } from "./destinations.ts";
import { checkExpectations } from "./expectations.ts";
import { exportReport } from "./export.ts";
import { warnOfFindings } from "./findings.ts";
import { joinAsBot } from "./join-as-bot.ts";
import { withKeyType } from "./key-type.ts";
import { createOutputKeys } from "./output-keys.ts";
import type { Plan } from "./plan.ts";
import { fetchProof, holdsProof } from "./proof.ts";
import { renderOutputs } from "./render.ts";
import type { JoinReport } from "./report.ts";
import { Steps } from "./steps.ts";
import { writeOutputs } from "./write.ts";

/**
 * Loads the gRPC half of the join, which takes a while, when the request to join is on its way and there is nothing
 * else to do. Touching `Headers` makes Node load its fetch library, which the first call would wait for.
 */
async function loadIssue(): Promise<void> {
  await import("./issue.ts");
  void globalThis.Headers;
}

/**
 * The spine of bot-join: a plan in, files and exports out. Every line is one step; whatever fails leaves
 * nothing written and nothing exported.
 */
export async function runJoin(plan: Plan, context: RunContext): Promise<JoinReport> {
  using deadline = startDeadline(
    context.clock,
    plan.timeoutMs,
    context.signal,
    `The join at ${plan.proxy.host}`,
  );
  const run: Run = {
    plan,
    context,
    signal: deadline.signal,
    steps: new Steps(context.clock, context.runner.log),
    startedAt: context.clock.now(),
  };

  await using destinations = await openDestinations(run);
  await using data = (await context.openDataDirectory?.(run)) ?? nothingKept;
  const atHand = holdsProof(run) ? await fetchProof(run) : undefined;
  using connections = await startConnections(run, data.isFilled);
  const proof = atHand ?? (await fetchProof(run));
  const { bot, issued } = await withKeyType(run, async (keyType) => {
    const keyPairs = createOutputKeys(run, keyType);
    // Whoever waits for them sees their failure; until then it is no unhandled rejection.
    keyPairs.catch(() => {});
    const bot = await joinAsBot(run, connections, proof, data, keyType, loadIssue);
    const { issueCertificates } = await import("./issue.ts");
    const issued = await issueCertificates(run, connections, bot, keyPairs);
    return { bot, issued };
  });
  checkExpectations(plan, bot, issued);
  warnOfFindings(run, bot, issued);
  const rendered = await renderOutputs(run, bot, issued);
  const report = await writeOutputs(run, destinations, rendered, bot, issued);
  await exportReport(run, report);
  return report;
}
