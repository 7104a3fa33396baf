import {
  type BotInstance,
  createBotInstance,
  parseBotInstances,
  recordHeartbeat,
  renderBotInstance,
} from "@bot-join/resources";
import { expect, it } from "vitest";
import { instanceFromDocument } from "./instance-document.ts";
import { readBlockYaml } from "./read-yaml.ts";

const at = new Date("2026-01-01T12:00:00.204Z");

/** An instance with every field that the emulator records. */
const fullInstance: BotInstance = recordHeartbeat(
  {
    ...createBotInstance({
      botName: "robot",
      instanceId: "5c0b8f5e-3a0f-4c0e-9a52-7d1f6b7c2e10",
      previousInstanceId: "11111111-3a0f-4c0e-9a52-7d1f6b7c2e10",
      authentication: {
        authenticatedAt: at,
        joinMethod: "github",
        joinToken: "gha",
        generation: 1,
        publicKey: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        joinAttrs: {
          meta: { join_token_name: "gha", join_method: "github" },
          github: { ref: "refs/heads/main" },
        },
      },
      certificateExpires: at,
    }),
    revision: "3f1c0f4e-6f2c-4e0e-8f5c-5a9f1f0f7e21",
  },
  {
    isStartup: true,
    version: "18.4.0",
    hostname: "fv-az123",
    uptimeMs: 1200,
    joinMethod: "github",
    oneShot: true,
    architecture: "amd64",
    os: "linux",
    externalUpdater: "",
    externalUpdaterVersion: "",
    kind: "tbot",
  },
  at,
  [{ service: { type: "identity", name: "out" }, status: "unhealthy", reason: "no disk", updatedAt: at }],
);

it("reads what renderBotInstance writes as parseBotInstances does", () => {
  const text = renderBotInstance(fullInstance, "yaml");
  const quick = instanceFromDocument(readBlockYaml(text));
  expect(quick).toEqual(fullInstance);
  expect(quick).toEqual(parseBotInstances(text, "x")[0]);
});

it.each([
  undefined,
  {},
  { kind: "token", version: "v1" },
  {
    kind: "bot_instance",
    version: "v1",
    metadata: { expires: "soon" },
    spec: { bot_name: "a", instance_id: "b" },
  },
])("leaves %j to parseBotInstances", (document) => {
  expect(instanceFromDocument(document)).toBeUndefined();
});
