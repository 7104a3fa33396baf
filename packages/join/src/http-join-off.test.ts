import { TransportError } from "@bot-join/transport";
import { expect, test } from "vitest";
import { JoinError } from "./errors.ts";
import { isHttpJoinOff } from "./http-join-off.ts";

const refused = (status: number): JoinError =>
  new JoinError({ code: "ERR_JOIN_CLUSTER_FAILED", kind: "cluster", message: "x", details: { status } });
const stranger = (details: Record<string, unknown>): TransportError =>
  new TransportError({ code: "ERR_TRANSPORT_NOT_TELEPORT", kind: "user", message: "x", details });

test.each([
  ["NotImplemented", refused(501), true],
  ["a path that is not served", stranger({ status: 404, pathUnknown: true }), true],
  ["a stranger's page", stranger({ status: 404, pathUnknown: false }), false],
  ["a refusal", refused(403), false],
  ["something that is not found", refused(404), false],
  ["a failure", refused(500), false],
  ["a gateway's answer", refused(503), false],
  ["a defect", new Error("x"), false],
])("%s: %#", (_what, error, expected) => {
  expect(isHttpJoinOff(error)).toBe(expected);
});
