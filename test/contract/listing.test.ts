import { readFileSync } from "node:fs";
import type { Emulator } from "@bot-join/emulator";
import {
  ListResourcesRequestSchema,
  type ListResourcesResponse,
  ListResourcesResponseSchema,
  ListUnifiedResourcesRequestSchema,
  ListUnifiedResourcesResponseSchema,
  PingResponseSchema,
} from "@bot-join/proto";
import { parseResources } from "@bot-join/resources";
import { create, fromBinary, type MessageInitShape, toBinary, toJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEmulator, testResources } from "../support/emulator.ts";
import { type RawGrpc, type RawIdentity, rawAuth } from "../support/raw-client.ts";
import { rawOutput } from "../support/raw-output.ts";
import { joinRaw, targetOf } from "./joined.ts";

interface RecordedCall {
  path: string;
  request_hex: string;
  grpc_status: string;
  grpc_message: string;
  trailers: Record<string, string | number>;
  response_hex?: string;
}

const recorded = JSON.parse(
  readFileSync(new URL("../vectors/contract/list-answers.json", import.meta.url), "utf8"),
) as Record<string, RecordedCall>;

/** What the recorded cluster had, and roles that see all, some and none of it. */
const targets = `
kind: role
version: v6
metadata: {name: ssh-access}
spec:
  allow:
    node_labels: {'*': '*'}
    kubernetes_labels: {'*': '*'}
    app_labels: {'*': '*'}
    db_labels: {'*': '*'}
---
kind: role
version: v6
metadata: {name: deploy-only}
spec:
  allow: {app_labels: {env: [dev, 'stag*']}}
  deny: {app_labels: {secret: 'yes'}}
---
kind: app
version: v3
metadata: {name: dumper}
spec: {uri: 'http://127.0.0.1:44815', public_addr: dumper.proxy.bot.test}
---
kind: app
version: v3
metadata: {name: grafana, labels: {teleport.dev/origin: config-file, env: dev}}
spec: {uri: 'http://127.0.0.1:3999', public_addr: grafana.proxy.bot.test}
---
kind: db
version: v3
metadata: {name: pg, labels: {teleport.dev/origin: config-file}}
spec: {protocol: postgres, uri: '127.0.0.1:5432'}
---
kind: kube_cluster
version: v3
metadata: {name: kc, labels: {env: dev}}
`;
const nodeUuid = "2e793b97-bd7a-4b8c-b2a1-234cbded07c6";

let emulator: Emulator;
let bot: RawIdentity;
let auth: RawGrpc;

async function asRoles(...roleRequests: string[]): Promise<RawGrpc> {
  return rawAuth(targetOf(emulator), "bot.test", await rawOutput(emulator, bot, { roleRequests }));
}

beforeAll(async () => {
  emulator = await startTestEmulator({
    version: "14",
    resources: parseResources(`${testResources}---${targets}`, "test"),
    nodes: [{ hostname: "node-1", uuid: nodeUuid, address: "127.0.0.1:3022", labels: { env: "dev" } }],
  });
  bot = await joinRaw(emulator);
  auth = await asRoles("ssh-access", "deploy-only");
});
afterAll(async () => {
  auth[Symbol.dispose]();
  await emulator[Symbol.asyncDispose]();
});

/** An answer as JSON, without what differs from cluster to cluster and from moment to moment. */
function shape(hex: string | Uint8Array): unknown {
  const bytes = typeof hex === "string" ? Buffer.from(hex, "hex") : hex;
  const message = fromBinary(ListResourcesResponseSchema, bytes, { readUnknownFields: false });
  const text = JSON.stringify(message, (key, value: unknown) => {
    if (key === "expires" && value !== undefined) return "soon";
    if (key === "hostId") return "id";
    if (key === "hostname" && value !== "node-1" && value !== "remote.kube.proxy.teleport.cluster.local")
      return "host";
    return typeof value === "bigint" ? value.toString() : value;
  });
  return JSON.parse(text);
}

describe("an output identity lists as the recorded one did (measured-14.2.0.md section 5)", () => {
  it.each(Object.keys(recorded).filter((name) => name !== "Ping"))("%s", async (name) => {
    const call = recorded[name];
    if (call === undefined) throw new Error(`no recorded ${name}`);
    // The recorded request has ended since, and its key is none.
    const request = call.request_hex;
    const answer = await auth.unary(call.path, Buffer.from(request, "hex"));
    expect({ status: String(answer.status), message: answer.message }).toEqual({
      status: call.grpc_status,
      message: call.grpc_message,
    });
    const trailers = Object.keys(answer.trailers).length === 0 ? answer.headers : answer.trailers;
    expect(Object.fromEntries(Object.entries(trailers).filter(([key]) => typeof key === "string"))).toEqual(
      call.trailers,
    );
    if (call.response_hex === undefined) return;
    expect(shape(answer.messages[0] ?? new Uint8Array())).toEqual(shape(call.response_hex));
  });

  it("Ping", async () => {
    const { messages } = await auth.unary("/proto.AuthService/Ping", new Uint8Array());
    const ours = fromBinary(PingResponseSchema, messages[0] ?? new Uint8Array());
    const theirs = fromBinary(PingResponseSchema, Buffer.from(recorded["Ping"]?.response_hex ?? "", "hex"), {
      readUnknownFields: false,
    });
    const addresses = { proxyPublicAddr: "", remoteAddr: "" };
    expect(toJson(PingResponseSchema, { ...ours, ...addresses })).toMatchObject(
      toJson(PingResponseSchema, create(PingResponseSchema, { ...theirs, ...addresses })) as object,
    );
  });
});

async function list(
  grpc: RawGrpc,
  changes: MessageInitShape<typeof ListResourcesRequestSchema>,
): Promise<ListResourcesResponse & { names: string[] }> {
  const request = create(ListResourcesRequestSchema, { namespace: "default", limit: 1000, ...changes });
  const answer = await grpc.unary(
    "/proto.AuthService/ListResources",
    toBinary(ListResourcesRequestSchema, request),
  );
  if (answer.status !== 0) throw new Error(`${answer.status}: ${answer.message}`);
  const message = fromBinary(ListResourcesResponseSchema, answer.messages[0] ?? new Uint8Array());
  const names = message.resources.map(({ resource }) => resource.value?.metadata?.name ?? "");
  return { ...message, names };
}

describe("what roles see (user-certs.md section 2.9)", () => {
  it("the bot itself sees nothing", async () => {
    using own = await rawAuth(targetOf(emulator), "bot.test", bot);
    for (const resourceType of ["node", "app_server", "db_server", "kube_server", "kube_cluster"]) {
      expect((await list(own, { resourceType })).names).toEqual([]);
    }
  });

  it("labels decide, and what is denied is not there", async () => {
    const more = `
kind: app
version: v3
metadata: {name: a-staging, labels: {env: staging}}
spec: {uri: 'http://127.0.0.1:1'}
---
kind: app
version: v3
metadata: {name: b-secret, labels: {env: dev, secret: 'yes'}}
spec: {uri: 'http://127.0.0.1:1'}
---
kind: app
version: v3
metadata: {name: c-prod, labels: {env: prod}}
spec: {uri: 'http://127.0.0.1:1'}
`;
    await using other = await startTestEmulator({
      version: "18",
      resources: parseResources(`${testResources}---${targets}---${more}`, "test"),
    });
    const output = await rawOutput(other, await joinRaw(other), { roleRequests: ["deploy-only"] });
    using grpc = await rawAuth(targetOf(other), "bot.test", output);
    expect((await list(grpc, { resourceType: "app_server" })).names).toEqual(["a-staging", "grafana"]);
    expect((await list(grpc, { resourceType: "db_server" })).names).toEqual([]);
    const request = create(ListUnifiedResourcesRequestSchema, { limit: 10, sortBy: { field: "name" } });
    const answer = await grpc.unary(
      "/proto.AuthService/ListUnifiedResources",
      toBinary(ListUnifiedResourcesRequestSchema, request),
    );
    const unified = fromBinary(ListUnifiedResourcesResponseSchema, answer.messages[0] ?? new Uint8Array());
    expect(unified.resources.map(({ resource }) => resource.value?.metadata?.name)).toEqual([
      "a-staging",
      "grafana",
    ]);
  });
});

describe("pages and filters", () => {
  it("pages follow each other", async () => {
    const first = await list(auth, { resourceType: "app_server", limit: 1, needTotalCount: true });
    expect([first.names, first.totalCount]).toEqual([["dumper"], 2]);
    const second = await list(auth, { resourceType: "app_server", limit: 1, startKey: first.nextKey });
    expect([second.names, second.nextKey, second.totalCount]).toEqual([["grafana"], "", 0]);
  });

  it.each([
    ['name == "grafana" && labels["env"] == "dev"', ["grafana"]],
    ['name != "grafana"', ["dumper"]],
    ['!(labels.env == "dev")', ["dumper"]],
    ['hasPrefix(name, "gra") || hasPrefix(name, "du")', ["dumper", "grafana"]],
    ['exists(labels["env"])', ["grafana"]],
    ['equals(resource.metadata.labels["env"], "dev")', ["grafana"]],
    ['search("config-file")', ["grafana"]],
    ['name == "a\\"b"', []],
  ])("the predicate %s", async (predicateExpression, names) => {
    expect((await list(auth, { resourceType: "app_server", predicateExpression })).names).toEqual(names);
  });

  it.each([
    ["name ==", "1:8: expected operand, found 'EOF'"],
    ['(name == "a"', "1:13: expected ')', found 'EOF'"],
    ['name == "a" "b"', "1:13: expected 'EOF', found '\"b\"'"],
    ["name == #", '1:9: illegal character "#"'],
    ['size == "a"', "identifier size is not defined"],
  ])("the broken predicate %s", async (predicateExpression, message) => {
    await expect(list(auth, { resourceType: "node", predicateExpression })).rejects.toThrow(
      `3: failed to parse predicate expression: ${message}`,
    );
  });

  it("labels and words narrow", async () => {
    expect((await list(auth, { resourceType: "app_server", labels: { env: "dev" } })).names).toEqual([
      "grafana",
    ]);
    expect((await list(auth, { resourceType: "app_server", searchKeywords: ["DUMP"] })).names).toEqual([
      "dumper",
    ]);
    const descending = { isDesc: true, field: "name" };
    expect((await list(auth, { resourceType: "app_server", sortBy: descending })).names).toEqual([
      "grafana",
      "dumper",
    ]);
    await expect(list(auth, { resourceType: "node", limit: 0 })).rejects.toThrow(
      "nonpositive parameter limit",
    );
  });
});
