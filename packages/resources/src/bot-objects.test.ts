import { describe, expect, it } from "vitest";
import { botRole, botUser, botUserName } from "./bot-objects.ts";
import type { BotResource } from "./model.ts";
import { parseResources } from "./parse-resources.ts";
import { readVector } from "./testing.ts";

const robot: BotResource = {
  kind: "bot",
  version: "v1",
  name: "robot",
  roles: ["ssh-access", "deploy-only"],
  traits: {},
};

describe("what a bot is made of", () => {
  it("is the role that a real 14.2.0 cluster generated", () => {
    expect([botRole(robot)]).toEqual(parseResources(readVector("resources-bot-role.yaml"), "role"));
  });

  it("is the user that a real 14.2.0 cluster generated", () => {
    expect([botUser(robot)]).toEqual(parseResources(readVector("resources-bot-user.yaml"), "user"));
  });

  it("keeps the bot's traits and session length", () => {
    const bot = {
      ...robot,
      name: "my ci bot",
      traits: { logins: ["root"], a: ["b"] },
      maxSessionTtlMs: 60_000,
    };
    expect(botUser(bot)).toMatchObject({
      name: "bot-my-ci-bot",
      roles: ["bot-my-ci-bot"],
      traits: bot.traits,
    });
    expect(botRole(bot)).toMatchObject({ name: "bot-my-ci-bot", maxSessionTtlMs: 60_000 });
    expect(botRole(bot).labels).toEqual({ "teleport.internal/bot": "my ci bot" });
    expect(botUserName("my ci bot")).toBe("bot-my-ci-bot");
  });
});
