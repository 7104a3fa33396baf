import type { SubmitHeartbeatRequest } from "@bot-join/proto";
import { durationMs, timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { type Heartbeat, heartbeatRequest, submitHeartbeat } from "./heartbeat.ts";
import { recordedBot } from "./testing/recorded.ts";
import { memorySession } from "./testing/session.ts";

const now = new Date("2026-11-22T05:31:50.250Z");

function heartbeat(members: Partial<Heartbeat> = {}): Heartbeat {
  return {
    version: "1.0.0",
    hostName: "runner-7",
    architecture: "x64",
    platform: "linux",
    joinMethod: "github",
    uptimeMs: 1250,
    now,
    services: [],
    ...members,
  };
}

function service(name: string, reason = "why"): Heartbeat["services"][number] {
  return { type: "identity", name, reason };
}

describe("a heartbeat", () => {
  test("says what a one-shot run is", () => {
    const { heartbeat: sent, serviceHealth } = heartbeatRequest(heartbeat());
    expect(sent).toMatchObject({
      isStartup: true,
      oneShot: true,
      version: "1.0.0",
      hostname: "runner-7",
      joinMethod: "github",
      architecture: "amd64",
      os: "linux",
      kind: 0,
    });
    expect(sent?.uptime && durationMs(sent.uptime)).toBe(1250);
    expect(sent?.recordedAt && timestampDate(sent.recordedAt)).toEqual(now);
    expect(serviceHealth).toEqual([]);
  });

  test.each([
    ["x64", "linux", "amd64", "linux"],
    ["arm64", "darwin", "arm64", "darwin"],
    ["ia32", "win32", "386", "windows"],
    ["riscv64", "freebsd", "riscv64", "freebsd"],
  ] as const)("%s and %s have Go's names %s and %s", (architecture, platform, goArchitecture, goSystem) => {
    const { heartbeat: sent } = heartbeatRequest(heartbeat({ architecture, platform }));
    expect([sent?.architecture, sent?.os]).toEqual([goArchitecture, goSystem]);
  });

  test("has the services by name, their texts cut between characters", () => {
    const services = [
      service("b"),
      service("ä".repeat(65), "🔑".repeat(300)),
      service("a-10"),
      service("a-1"),
      service("a-1"),
    ];
    const { serviceHealth } = heartbeatRequest(heartbeat({ services }));
    expect(serviceHealth.map((entry) => entry.service?.name)).toEqual([
      "a-1",
      "a-1",
      "a-10",
      "b",
      "ä".repeat(64),
    ]);
    expect(serviceHealth.at(-1)).toMatchObject({
      service: { type: "identity" },
      status: 1,
      reason: "🔑".repeat(256),
    });
    for (const { updatedAt } of serviceHealth) expect(updatedAt && timestampDate(updatedAt)).toEqual(now);
  });
});

describe("submitHeartbeat", () => {
  const signal = new AbortController().signal;

  test("sends it", async () => {
    const requests: SubmitHeartbeatRequest[] = [];
    const { session } = memorySession({ submitHeartbeat: (request) => void requests.push(request) });
    await submitHeartbeat(session, recordedBot(), heartbeat({ services: [service("a")] }), signal);
    expect(requests).toMatchObject([
      { heartbeat: { hostname: "runner-7" }, serviceHealth: [{ service: { name: "a" } }] },
    ]);
  });

  test("is silent towards a server that knows no heartbeats", async () => {
    await expect(
      submitHeartbeat(memorySession({}).session, recordedBot(), heartbeat(), signal),
    ).resolves.toBeUndefined();
  });

  test("tells of a refusal", async () => {
    const { session } = memorySession({
      submitHeartbeat: () => {
        throw new ConnectError("identity did not contain bot instance ID", Code.PermissionDenied);
      },
    });
    await expect(submitHeartbeat(session, recordedBot(), heartbeat(), signal)).rejects.toMatchObject({
      name: "JoinError",
      message: expect.stringContaining("while sending a heartbeat: identity did not contain bot instance ID"),
    });
  });
});
