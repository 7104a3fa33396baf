import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Emulator } from "@bot-join/emulator";
import {
  CreateAppSessionRequestSchema,
  CreateAppSessionResponseSchema,
  GetAppSessionRequestSchema,
} from "@bot-join/proto";
import { parseResources } from "@bot-join/resources";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEmulator, testResources } from "../support/emulator.ts";
import { startFakeNode } from "../support/fake-node.ts";
import { type HttpBackend, startHttpBackend } from "../support/http-backend.ts";
import { type RawIdentity, rawAuth, rawHttp, rawTls } from "../support/raw-client.ts";
import { rawOutput } from "../support/raw-output.ts";
import { tempDir } from "../support/temp-dir.ts";
import { requireTool } from "../support/tools.ts";
import { joinRaw, targetOf } from "./joined.ts";

const run = promisify(execFile);

const roles = `
kind: role
version: v7
metadata: {name: app-dev}
spec: {allow: {app_labels: {env: dev}}}
---
kind: role
version: v7
metadata: {name: app-none}
spec: {}
---
kind: bot
version: v1
metadata: {name: robot}
spec: {roles: [app-dev, app-none]}
`;

describe.each(["14", "18"] as const)(
  "applications behind version %s (proxy-transport.md section 6.2)",
  (version) => {
    let emulator: Emulator;
    let backend: HttpBackend;
    let bot: RawIdentity;

    beforeAll(async () => {
      backend = await startHttpBackend();
      const apps = `
kind: app
version: v3
metadata: {name: grafana, labels: {env: dev}}
spec: {uri: '${backend.url}/base'}
---
kind: app
version: v3
metadata: {name: wiki, labels: {env: dev}}
spec: {uri: '${backend.url}', public_addr: wiki.example.test}
---
kind: app
version: v3
metadata: {name: down, labels: {env: dev}}
spec: {uri: 'http://127.0.0.1:1'}
`;
      emulator = await startTestEmulator({
        version,
        resources: parseResources([testResources, roles, apps].join("---\n"), "test"),
      });
      bot = await joinRaw(emulator);
    });
    afterAll(async () => {
      await emulator[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    });

    /** Begins a session as the output's own roles, as clients of versions before 16 must. */
    const session = async (publicAddr: string, role: string): Promise<string> => {
      const output = await rawOutput(emulator, bot, { roleRequests: [role] });
      using auth = await rawAuth(targetOf(emulator), "bot.test", output);
      const request = create(CreateAppSessionRequestSchema, {
        username: "bot-robot",
        publicAddr,
        clusterName: "bot.test",
      });
      const answer = await auth.unary(
        "/proto.AuthService/CreateAppSession",
        toBinary(CreateAppSessionRequestSchema, request),
      );
      expect(answer.status).toBe(0);
      const message = fromBinary(CreateAppSessionResponseSchema, answer.messages[0] ?? new Uint8Array());
      const sessionId = message.session?.metadata?.name ?? "";
      const found = await auth.unary(
        "/proto.AuthService/GetAppSession",
        toBinary(GetAppSessionRequestSchema, create(GetAppSessionRequestSchema, { sessionId })),
      );
      expect(found.status).toBe(0);
      return sessionId;
    };

    const appOutput = async (name: string, publicAddr: string, role = "app-dev"): Promise<RawIdentity> =>
      rawOutput(emulator, bot, {
        roleRequests: [role],
        routeToApp: {
          name,
          publicAddr,
          clusterName: "bot.test",
          ...(version === "14" && { sessionId: await session(publicAddr, role) }),
        },
      });

    const request = (host: string, identity?: RawIdentity, path = "/") =>
      rawHttp(targetOf(emulator), "GET", path, {
        headers: { Host: host },
        tls: {
          servername: host,
          ...(identity !== undefined && { cert: identity.tls, key: identity.key.privateKeyPem }),
        },
      });

    it("curl reaches one with its certificate", async (context) => {
      const curl = requireTool(context, "curl");
      using folder = tempDir();
      const identity = await appOutput("grafana", "grafana.localhost");
      const file = (name: string, text: string): string => {
        const path = join(folder.path, name);
        writeFileSync(path, text, { mode: 0o600 });
        return path;
      };
      const port = emulator.proxyAddress.split(":")[1] ?? "";
      const words = [
        ...["--silent", "--show-error", "--fail", "--cacert", file("ca.pem", emulator.webCaPem)],
        ...["--cert", file("tlscert", identity.tls), "--key", file("key", identity.key.privateKeyPem)],
        ...["--resolve", `grafana.localhost:${port}:127.0.0.1`, "--data", "a=b"],
      ];
      for (const protocol of ["--http1.1", "--http2"]) {
        const { stdout } = await run(curl, [
          ...words,
          protocol,
          `https://grafana.localhost:${port}/api/health?x=1`,
        ]);
        expect(JSON.parse(stdout)).toMatchObject({
          method: "POST",
          path: "/base/api/health?x=1",
          body: "a=b",
          headers: { "x-forwarded-host": `grafana.localhost:${port}`, host: new URL(backend.url).host },
        });
      }
    });

    it("sends whoever shows no certificate for one to the login page", async () => {
      const answers = [
        await request("grafana.localhost", undefined, "/d/1?x=y"),
        await request("grafana.localhost", await rawOutput(emulator, bot, { roleRequests: ["app-dev"] })),
        await request("grafana.localhost", await appOutput("grafana", "grafana.localhost", "app-none")),
        await request("nope.localhost", await appOutput("nope", "nope.localhost")),
      ];
      expect(answers.map(({ status }) => status)).toEqual([302, 302, 302, 302]);
      expect(answers[0]?.headers["location"]).toBe(
        `https://${emulator.proxyAddress}/web/launch/grafana.localhost?path=%2Fd%2F1%3Fx%3Dy`,
      );
    });

    it("takes the session that a certificate names, which newer servers begin themselves", async () => {
      const route = { name: "grafana", publicAddr: "grafana.localhost", clusterName: "bot.test" };
      const identity = await rawOutput(emulator, bot, {
        roleRequests: ["app-dev"],
        routeToApp: { ...route, sessionId: "0".repeat(64) },
      });
      const status = version === "14" ? 302 : 200;
      expect(await request("grafana.localhost", identity)).toMatchObject({ status });
    });

    it("serves one at a public address of its own, and the web API at every other name", async () => {
      const identity = await appOutput("wiki", "wiki.example.test");
      expect(await request("wiki.example.test", identity)).toMatchObject({ status: 200 });
      expect(await request("localhost", identity, "/webapi/find")).toMatchObject({ status: 200 });
      expect(await rawHttp(targetOf(emulator), "GET", "/webapi/find")).toMatchObject({ status: 200 });
    });

    it("answers 502 for one that is down", async () => {
      expect(await request("down.localhost", await appOutput("down", "down.localhost"))).toMatchObject({
        status: 502,
        body: expect.stringContaining("ECONNREFUSED"),
      });
    });

    it("lets a WebSocket through", async () => {
      const identity = await appOutput("grafana", "grafana.localhost");
      const socket = await rawTls(targetOf(emulator), {
        servername: "grafana.localhost",
        cert: identity.tls,
        key: identity.key.privateKeyPem,
      });
      socket.write(
        "GET /live HTTP/1.1\r\nHost: grafana.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nfirst",
      );
      let received = "";
      while (!received.endsWith("first")) {
        received += String(((await once(socket, "data")) as [Buffer])[0]);
      }
      // The accept value of RFC 6455 section 1.3.
      expect(received).toMatch(/^HTTP\/1\.1 101 [\s\S]*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/);
      socket.destroy();
    });

    it("joins a TCP application by its ALPN", async () => {
      await using tcp = await startFakeNode();
      const document = `{kind: app, version: v3, metadata: {name: tcp, labels: {env: dev}}, spec: {uri: 'tcp://${tcp.address}'}}`;
      emulator.addResources(parseResources(document, "test"));
      const identity = await appOutput("tcp", "tcp.localhost");
      const socket = await rawTls(targetOf(emulator), {
        ALPNProtocols: ["teleport-tcp"],
        cert: identity.tls,
        key: identity.key.privateKeyPem,
      });
      const [chunk] = (await once(socket, "data")) as [Buffer];
      expect(chunk.toString()).toBe("SSH-2.0-fake\r\n");
      socket.destroy();
    });
  },
);
