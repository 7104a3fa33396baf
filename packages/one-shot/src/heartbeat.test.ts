import { describe, expect, test } from "vitest";
import { recordedBot } from "../../join/src/testing/recorded.ts";
import { type AuthAnswers, memorySession } from "../../join/src/testing/session.ts";
import { sendHeartbeat } from "./heartbeat.ts";
import { testRun } from "./testing.ts";

type SubmitHeartbeat = NonNullable<AuthAnswers["submitHeartbeat"]>;

const bot = recordedBot();
const instance = { ...bot, identity: { ...bot.identity, botInstanceId: "4d1c" } };

async function send(submitHeartbeat: AuthAnswers["submitHeartbeat"], identity = instance) {
  const run = await testRun();
  const { session, calls } = memorySession(submitHeartbeat === undefined ? {} : { submitHeartbeat });
  await sendHeartbeat(run, session, identity);
  return { logged: run.logged, calls };
}

describe("sendHeartbeat", () => {
  test("tells of the run and of each of its outputs, and says nothing", async () => {
    const requests: Parameters<SubmitHeartbeat>[0][] = [];
    expect((await send((request) => void requests.push(request))).logged).toEqual([]);
    expect(requests).toMatchObject([
      {
        heartbeat: {
          hostname: "runner-7",
          architecture: "arm64",
          os: "linux",
          joinMethod: "github",
          uptime: { seconds: 1n },
        },
        serviceHealth: [{ service: { type: "identity", name: "identity-1" } }],
      },
    ]);
  });

  test("is not sent by a bot without an instance", async () => {
    expect((await send(() => {}, bot as typeof instance)).calls).toEqual([]);
  });

  test("is silent when the server knows no heartbeats", async () => {
    expect((await send(undefined)).logged).toEqual([]);
  });

  const refuse = (): never => {
    throw new Error("no heartbeats today");
  };

  test("a refusal is a warning", async () => {
    const { logged } = await send(refuse);
    expect(logged).toEqual([
      expect.stringMatching(
        /^warn: The heartbeat of this run was not taken, which does no harm to the job: The cluster bot\.test refused the bot robot/,
      ),
    ]);
  });

  test("one that the end of the run cuts off is not even that", async () => {
    const run = { ...(await testRun()), signal: AbortSignal.abort(new Error("over")) };
    await sendHeartbeat(run, memorySession({ submitHeartbeat: refuse }).session, instance);
    expect(run.logged).toEqual([expect.stringMatching(/^debug: The heartbeat.*over$/)]);
  });
});
