import { type JoinRequest, JoinRequestSchema } from "@bot-join/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  clientKey,
  createTestCluster,
  expectRefusal,
  keyForms,
  secretToken,
  startTime,
} from "../test-cluster.ts";

type Payload = NonNullable<MessageInitShape<typeof JoinRequestSchema>["payload"]>;

const init = (tokenName: string, systemRole = "Bot"): Payload => ({
  case: "clientInit",
  value: { tokenName, systemRole },
});
const silent = { via: "proxy", remoteAddress: "127.0.0.1:42288" } as const;

/** A clock whose waits end when the test says so. */
function manualClock() {
  let ring = (): void => undefined;
  const waits: number[] = [];
  return {
    waits,
    ring: () => ring(),
    clock: {
      now: () => startTime,
      sleep: (ms: number, signal?: AbortSignal) =>
        new Promise<void>((resolve, reject) => {
          waits.push(ms);
          ring = resolve;
          signal?.addEventListener("abort", () => reject(signal.reason));
        }),
    },
  };
}

async function* sent(payloads: Payload[], more?: Promise<void>): AsyncGenerator<JoinRequest> {
  for (const payload of payloads) yield create(JoinRequestSchema, { payload });
  await more;
}

function tokenInit(expires?: Date): Payload {
  const der = clientKey.export({ type: "spki", format: "der" });
  const line = keyForms(clientKey).ssh.toString().split(" ")[1] ?? "";
  return {
    case: "tokenInit",
    value: {
      clientParams: {
        payload: {
          case: "botParams",
          value: {
            publicKeys: {
              publicTlsKey: new Uint8Array(der),
              publicSshKey: new Uint8Array(Buffer.from(line, "base64")),
            },
            ...(expires !== undefined && {
              expires: { seconds: BigInt(Math.floor(expires.getTime() / 1000)), nanos: 0 },
            }),
          },
        },
      },
    },
  };
}

describe("joinStream", () => {
  it.each([
    ["proxy", "on the proxy"],
    ["auth", "on the server"],
  ] as const)("ends an attempt through the %s after a minute", async (via, place) => {
    const { clock, ring, waits } = manualClock();
    const { cluster, events } = await createTestCluster("18", { clock });
    const never = new Promise<void>(() => undefined);
    const answers = cluster.joinStream(sent([init(secretToken)], never), { ...silent, via });
    expect((await answers.next()).value?.payload.case).toBe("init");
    const ended = answers.next();
    ring();
    const text = `join attempt timed out after 1m0s, terminating the stream ${place}`;
    await expectRefusal(() => ended, "limit-exceeded", text);
    expect(waits).toEqual([60_000]);
    expect(events).toMatchObject([{ type: "join", outcome: "refused", message: text }]);
  });

  it("uses a secret token up only when the certificates are made", async () => {
    const { clock } = manualClock();
    const { cluster, events } = await createTestCluster("18", { clock });
    const broken = cluster.joinStream(sent([init(secretToken)]), silent);
    await broken.next();
    await expectRefusal(() => broken.next(), "bad-parameter", "the client ended the stream before TokenInit");
    const answers = cluster.joinStream(sent([init(secretToken), tokenInit()]), silent);
    await answers.next();
    expect((await answers.next()).value?.payload.case).toBe("result");
    await expectRefusal(
      () => cluster.joinStream(sent([init(secretToken)]), silent).next(),
      "access-denied",
      "token expired or not found",
    );
    expect(events.map((event) => event.type === "join" && [event.outcome, event.token])).toEqual([
      ["refused", expect.stringMatching(/^\*{24}/)],
      ["accepted", expect.stringMatching(/^\*{24}/)],
      ["refused", expect.stringMatching(/^\*{24}/)],
    ]);
  });

  it("lets one of two attempts in that hold the same secret at the same time", async () => {
    const { clock } = manualClock();
    const { cluster } = await createTestCluster("18", { clock });
    const attempts = [0, 1].map(() => cluster.joinStream(sent([init(secretToken), tokenInit()]), silent));
    for (const attempt of attempts) await attempt.next();
    expect((await attempts[0]?.next())?.value?.payload.case).toBe("result");
    await expectRefusal(() => attempts[1]?.next(), "access-denied", "token expired or not found");
  });

  it("an expired token is not told from an unknown one, and is removed", async () => {
    const { clock } = manualClock();
    const { cluster } = await createTestCluster("18", { clock });
    for (const name of ["expired", "nope"]) {
      await expectRefusal(
        () => cluster.joinStream(sent([init(name)]), silent).next(),
        "access-denied",
        "token expired or not found",
      );
    }
  });

  it("takes an expiry, or sets one of an hour", async () => {
    for (const [expires, seconds] of [
      [new Date(startTime.getTime() + 600_000), 600],
      [undefined, 3600],
    ] as const) {
      const { clock } = manualClock();
      const { cluster } = await createTestCluster("18", { clock });
      const answers = cluster.joinStream(sent([init(secretToken), tokenInit(expires)]), silent);
      await answers.next();
      await answers.next();
      const [instance] = cluster.listBotInstances("robot");
      const end = instance?.expires?.getTime() ?? 0;
      expect(end).toBeGreaterThanOrEqual(Math.floor(startTime.getTime() / 1000 + seconds) * 1000);
    }
  });
});
