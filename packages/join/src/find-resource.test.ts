import type { ListResourcesRequest } from "@bot-join/proto";
import { describe, expect, test } from "vitest";
import { enumerate, findResource, listResources, type ResourceKind } from "./find-resource.ts";
import { testContext } from "./testing/issue-context.ts";
import type { AuthAnswers } from "./testing/session.ts";

const databases: ResourceKind<string> = {
  resourceType: "db_server",
  noun: "database",
  command: "tsh db ls",
  roleLabels: "db_labels",
  read({ resource }) {
    if (resource.case !== "databaseServer") return undefined;
    const database = resource.value.spec?.database;
    return { metadata: database?.metadata, value: database?.spec?.protocol ?? "" };
  },
};

type Listed = [name: string, labels?: Record<string, string>];

const discovered = "teleport.internal/discovered-name";

function resources(listed: Listed[]) {
  return listed.map(([name, labels]) => ({
    resource: {
      case: "databaseServer" as const,
      value: {
        spec: { database: { metadata: { name, labels: labels ?? {} }, spec: { protocol: "postgres" } } },
      },
    },
  }));
}

/** Answers a predicate with the first list, and a request without one with the second. */
function server(
  matching: Listed[],
  all: Listed[] = matching,
): { answers: AuthAnswers; requests: ListResourcesRequest[] } {
  const requests: ListResourcesRequest[] = [];
  const listResources = (request: ListResourcesRequest) => {
    requests.push(request);
    return { resources: resources(request.predicateExpression === "" ? all : matching) };
  };
  return { answers: { listResources }, requests };
}

const viewer = { roles: [] };

function find(name: string, { answers }: { answers: AuthAnswers }) {
  const { context } = testContext({ version: "18.4.1", impersonated: answers });
  return findResource(context, viewer, databases, name);
}

describe("findResource", () => {
  test.each<[what: string, wanted: string, listed: Listed[], found: string]>([
    ["the one called so", "orders", [["orders"]], "orders"],
    ["one that several agents serve", "orders", [["orders"], ["orders"]], "orders"],
    [
      "the one called so before one discovered so",
      "orders",
      [["orders-eu", { [discovered]: "orders" }], ["orders"]],
      "orders",
    ],
    ["the only one discovered so", "orders", [["orders-eu", { [discovered]: "orders" }]], "orders-eu"],
    [
      "what the server should not have listed is left out",
      "orders",
      [["x"], ["y", { [discovered]: "orders" }]],
      "y",
    ],
  ])("%s", async (_what, wanted, listed, found) => {
    expect(await find(wanted, server(listed))).toEqual({ name: found, value: "postgres" });
  });

  test("asks with the roles' own session, by name and by discovered name", async () => {
    const { answers, requests } = server([['a"b']]);
    const { context, impersonated } = testContext({ version: "18.4.1", impersonated: answers });
    await findResource(context, { roles: ["db", "admin"] }, databases, 'a"b');
    expect(impersonated).toEqual(["session with db, admin", "ListResources db_server"]);
    expect(requests).toMatchObject([
      {
        namespace: "default",
        limit: 1000,
        predicateExpression: String.raw`(name == "a\"b") || (labels["teleport.internal/discovered-name"] == "a\"b")`,
      },
    ]);
  });

  test("several discovered under the name are listed", async () => {
    const listed: Listed[] = [
      ["orders-us", { [discovered]: "orders" }],
      ["orders-eu", { [discovered]: "orders" }],
    ];
    await expect(find("orders", server(listed))).rejects.toMatchObject({
      code: "ERR_JOIN_RESOURCE_AMBIGUOUS",
      kind: "user",
      message: 'Several databases of bot.test were discovered as "orders": orders-eu, orders-us.',
      details: { names: ["orders-eu", "orders-us"] },
    });
  });

  test.each<[wanted: string, all: Listed[], message: string, hint: string]>([
    ["ordesr", [["stock"], ["orders"]], "there are: orders, stock.", "Did you mean orders? `tsh db ls`"],
    [
      "zebra",
      [["stock"]],
      "there are: stock.",
      "`tsh db ls` lists all; a role lets a bot see those that its db_labels name.",
    ],
    ["orders", [], "they let it see no database at all.", "`tsh db ls`"],
    [
      "n",
      Array.from({ length: 23 }, (_, index): Listed => [`d${index + 10}`]),
      " d29 and 3 more.",
      "`tsh db ls`",
    ],
  ])("%j, which is not there", async (wanted, all, message, hint) => {
    await expect(find(wanted, server([], all))).rejects.toMatchObject({
      code: "ERR_JOIN_RESOURCE_NOT_FOUND",
      message: expect.stringContaining(
        `The roles ssh-access let the bot robot see no database "${wanted}" in bot.test; `,
      ),
      hint: expect.stringContaining(hint),
    });
    await expect(find(wanted, server([], all))).rejects.toThrow(message);
  });
});

test("listResources reads all pages", async () => {
  const listed = (request: ListResourcesRequest) =>
    request.startKey === ""
      ? { resources: resources([["a"], ["b"]]), nextKey: "b2" }
      : { resources: resources([["b"], ["c"]]) };
  const { context, impersonated } = testContext({
    version: "14.2.0",
    impersonated: { listResources: listed },
  });
  const found = await listResources(context, viewer, databases, { labels: { env: "prod" } });
  expect([...found.keys()]).toEqual(["a", "b", "c"]);
  expect(impersonated).toHaveLength(3);
});

test("names that nobody would give are quoted and cut", () => {
  expect(enumerate(["orders", "a b", "x\n::error::y", "z".repeat(500)])).toBe(
    `orders, "a b", "x\\n::error::y", "${"z".repeat(100)}"`,
  );
});
