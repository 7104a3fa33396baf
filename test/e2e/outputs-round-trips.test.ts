import { parseResources } from "@bot-join/resources";
import { expect, test } from "vitest";
import { startTestEmulator } from "../support/emulator.ts";
import { startForwarder } from "../support/forwarder.ts";
import { tempDir } from "../support/temp-dir.ts";
import { targetResources } from "./outputs-resources.ts";
import { joinForOutputs, type OutputWish } from "./outputs-run.ts";

/** Well above the time that client and emulator compute between two flights, so that flights do not mix. */
const roundTripMs = 150;

/** A count is never too low, and too high only on a machine that stalls: so often it is taken again. */
const attempts = 3;

interface Case {
  name: string;
  version: "14" | "18";
  /** With nothing given but proxy and token; the roles given save one. */
  roundTrips: number;
  connections: number;
  outputs: OutputWish[];
}

const application: OutputWish = { type: "application", appName: "grafana" };
const database: OutputWish = { type: "database", service: "orders", username: "deploy" };
const kubernetes: OutputWish = { type: "kubernetes", kubernetesCluster: "prod-us" };
const kubernetesV2: OutputWish = { type: "kubernetes/v2", selectors: [{ labels: { env: "prod" } }] };
const sshHost: OutputWish = { type: "ssh_host", principals: ["web.example.com"] };
const kinds = [database, application, kubernetes, sshHost];
const ten = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((index) => kinds[index % kinds.length] ?? database);
/** Their answers are more than what HTTP/2 lets a connection hold unless it is told otherwise. */
const fifty = Array.from({ length: 50 }, () => application);

/** The bot's own two connections, one with the roles, and one that asks where Kubernetes is served. */
const cases: Case[] = [
  { name: "identity", version: "18", roundTrips: 6, connections: 2, outputs: [{ type: "identity" }] },
  { name: "kubernetes", version: "18", roundTrips: 8, connections: 4, outputs: [kubernetes] },
  { name: "kubernetes/v2", version: "18", roundTrips: 8, connections: 4, outputs: [kubernetesV2] },
  { name: "ssh_host", version: "18", roundTrips: 8, connections: 3, outputs: [sshHost] },
  { name: "ssh_host", version: "14", roundTrips: 8, connections: 3, outputs: [sshHost] },
  { name: "database", version: "18", roundTrips: 9, connections: 3, outputs: [database] },
  { name: "application", version: "18", roundTrips: 9, connections: 3, outputs: [application] },
  // The client makes the application's session.
  { name: "application", version: "14", roundTrips: 10, connections: 3, outputs: [application] },
  { name: "ten", version: "18", roundTrips: 9, connections: 4, outputs: ten },
  { name: "fifty", version: "18", roundTrips: 9, connections: 3, outputs: fifty },
  // Each host certificate is asked for on a connection of its own, for the HTTP API ends it.
  { name: "ten", version: "14", roundTrips: 10, connections: 6, outputs: ten },
];

test.each(cases.flatMap((one) => [one, { ...one, roundTrips: one.roundTrips - 1, roles: "deployer" }]))(
  "$name with Teleport $version and the roles $roles: $roundTrips round trips on $connections connections",
  async ({ version, outputs, roundTrips, connections, ...given }) => {
    using folder = tempDir();
    await using emulator = await startTestEmulator({
      version,
      resources: parseResources(targetResources, "test/e2e/outputs-resources.ts"),
    });
    const port = emulator.proxyAddress.split(":").at(-1);
    await using forwarder = await startForwarder({ target: `127.0.0.1:${port}`, roundTripMs });
    const roles = "roles" in given ? [given.roles] : [];
    const wishes = outputs.map((output) => ({ ...output, roles }));
    const counts: { roundTrips: number; connections: number; timeline: string }[] = [];
    do {
      forwarder.restart();
      await joinForOutputs(emulator, wishes, folder.path, { proxy: forwarder.address });
      const { roundTrips, connections } = forwarder;
      counts.push({ roundTrips, connections, timeline: forwarder.timeline() });
    } while (counts.every((count) => count.roundTrips > roundTrips) && counts.length < attempts);
    const best = counts.reduce((a, b) => (b.roundTrips < a.roundTrips ? b : a));
    expect(
      best.roundTrips,
      `A flight was added: look in packages/join/src/output-certificates.ts and output-kinds/ for what waits for what.\n${best.timeline}`,
    ).toBeLessThanOrEqual(roundTrips);
    expect(best.connections, `A connection was added.\n${best.timeline}`).toBeLessThanOrEqual(connections);
  },
  60_000,
);
