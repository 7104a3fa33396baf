import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, createServer as createTlsServer, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import type { Emulator } from "@bot-join/emulator";
import { parseResources } from "@bot-join/resources";
import { describe, expect, it } from "vitest";
import { startTestEmulator, testResources } from "../support/emulator.ts";
import { type Postgres, requirePostgres, startPostgres } from "../support/postgres.ts";
import type { RawIdentity } from "../support/raw-client.ts";
import { rawTls } from "../support/raw-client.ts";
import { rawOutput } from "../support/raw-output.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { requireTool } from "../support/tools.ts";
import { joinRaw, targetOf } from "./joined.ts";

const run = promisify(execFile);

const roles = `
kind: role
version: v7
metadata: {name: db-app}
spec:
  allow:
    db_labels: {env: dev}
    db_users: [app, nobody]
    db_names: [app]
---
kind: role
version: v7
metadata: {name: no-db}
spec: {allow: {db_labels: {env: prod}, db_users: ['*'], db_names: ['*']}}
---
kind: bot
version: v1
metadata: {name: robot}
spec: {roles: [db-app, no-db]}
`;

/** The database `pg`, as a document. */
function database(protocol: string, address: string): string {
  return `
kind: db
version: v3
metadata: {name: pg, labels: {env: dev}}
spec: {protocol: ${protocol}, uri: '${address}'}
`;
}

async function startCluster(version: "14" | "18"): Promise<Emulator> {
  return startTestEmulator({ version, resources: parseResources(`${testResources}---${roles}`, "test") });
}

/** The certificates of the output for the database `pg`. */
function databaseOutput(
  emulator: Emulator,
  bot: RawIdentity,
  route: { protocol?: string; role?: string; service?: string } = {},
): Promise<RawIdentity> {
  const { protocol = "postgres", role = "db-app", service = "pg" } = route;
  return rawOutput(emulator, bot, {
    roleRequests: [role],
    routeToDatabase: { serviceName: service, protocol, username: "app", database: "app" },
  });
}

describe.each(["14", "18"] as const)(
  "PostgreSQL behind version %s (proxy-transport.md section 6.3)",
  (version) => {
    /** Runs psql against the web port of the proxy. */
    async function psql(
      program: string,
      emulator: Emulator,
      folder: TempDir,
      identity: RawIdentity,
      login: { user?: string; dbname?: string; port?: string } = {},
    ): Promise<string> {
      const file = (name: string, text: string): string => {
        const path = join(folder.path, name);
        writeFileSync(path, text, { mode: 0o600 });
        return path;
      };
      const parameters = {
        host: "localhost",
        port: emulator.proxyAddress.split(":")[1] ?? "",
        user: "app",
        dbname: "app",
        sslmode: "verify-full",
        sslrootcert: file("ca.pem", identity.tlsCaCerts[1] ?? ""),
        sslcert: file("tlscert", identity.tls),
        sslkey: file("key", identity.key.privateKeyPem),
        ...login,
      };
      const words = Object.entries(parameters).map(([name, value]) => `${name}='${value}'`);
      const query = "select current_user || ' in ' || current_database()";
      const { stdout } = await run(program, ["-X", "-t", "-A", words.join(" "), "-c", query], {
        env: { PATH: process.env["PATH"] ?? "", HOME: folder.path },
      });
      return stdout;
    }

    it("a real psql reaches a real server over the web port, and only as roles allow", async (context) => {
      const client = requireTool(context, "psql");
      const programs = requirePostgres(context);
      using folder = tempDir();
      await using emulator = await startCluster(version);
      await using server: Postgres = await startPostgres({
        programs,
        ...emulator.issueDatabaseCertificate(["127.0.0.1", "localhost"]),
        users: ["app", "other"],
      });
      emulator.addResources(parseResources(database("postgres", server.address), "test"));
      const bot = await joinRaw(emulator);
      const output = await databaseOutput(emulator, bot);
      await expect(psql(client, emulator, folder, output)).resolves.toBe("app in app\n");
      expect(server.log()).toContain('connection authenticated: identity="CN=app" method=cert');

      const refusals: [string, RawIdentity, { user?: string; dbname?: string }, RegExp][] = [
        ["another user", output, { user: "other" }, /access to db denied: no role allows the user "other"/],
        ["another database", output, { dbname: "other" }, /in the database "other" of "pg"/],
        [
          "a user whom the server does not know",
          output,
          { user: "nobody", dbname: "app" },
          /role "nobody" does not exist/,
        ],
        [
          "a role for other databases",
          await databaseOutput(emulator, bot, { role: "no-db" }),
          {},
          /access to db denied/,
        ],
        [
          "a database that is not there",
          await databaseOutput(emulator, bot, { service: "nope" }),
          {},
          /database "nope" not found/,
        ],
      ];
      for (const [what, identity, login, text] of refusals) {
        await expect(psql(client, emulator, folder, identity, login), what).rejects.toThrow(text);
      }
      // A certificate for no database, and one that is not from this cluster, end the connection.
      const plain = await rawOutput(emulator, bot, { roleRequests: ["db-app"] });
      await expect(psql(client, emulator, folder, plain)).rejects.toThrow(/SSL|closed|reset/);
      await using elsewhere = await startCluster(version);
      const foreign = await databaseOutput(elsewhere, await joinRaw(elsewhere));
      const mixed = { ...foreign, tlsCaCerts: output.tlsCaCerts };
      await expect(psql(client, emulator, folder, mixed)).rejects.toThrow(/SSL|closed|reset/);
    }, 60_000);
  },
);

/** A server of some protocol over TLS that says who came and echoes. */
async function startEcho(
  emulator: Emulator,
): Promise<AsyncDisposable & { address: string; users: (string | undefined)[] }> {
  const { certificatePem, privateKeyPem, clientCaPem } = emulator.issueDatabaseCertificate(["127.0.0.1"]);
  const users: (string | undefined)[] = [];
  const sockets = new Set<TLSSocket>();
  const server = createTlsServer({
    cert: certificatePem,
    key: privateKeyPem,
    ca: clientCaPem,
    requestCert: true,
    rejectUnauthorized: true,
  });
  server.on("secureConnection", (socket) => {
    sockets.add(socket);
    users.push(socket.getPeerX509Certificate()?.subject);
    socket.on("error", () => undefined);
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    address: `127.0.0.1:${port}`,
    users,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function exchange(socket: TLSSocket, sent: Buffer): Promise<Buffer> {
  socket.write(sent);
  let received = Buffer.alloc(0);
  while (received.length < sent.length) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    received = Buffer.concat([received, chunk]);
  }
  return received;
}

describe("other protocols (proxy-transport.md sections 1.1, 1.2 and 1.4)", () => {
  const greeting = Buffer.from("hello, database");

  it("are routed by the certificate in the outer TLS, whatever the ALPN", async () => {
    await using emulator = await startCluster("18");
    await using echo = await startEcho(emulator);
    emulator.addResources(parseResources(database("mongodb", echo.address), "test"));
    const output = await databaseOutput(emulator, await joinRaw(emulator), { protocol: "mongodb" });
    const own = { cert: output.tls, key: output.key.privateKeyPem };
    for (const ALPNProtocols of [["teleport-mongodb"], ["http/1.1"], undefined]) {
      const options = ALPNProtocols === undefined ? own : { ...own, ALPNProtocols };
      const socket = await rawTls(targetOf(emulator), options);
      expect((await exchange(socket, greeting)).toString()).toBe("hello, database");
      socket.destroy();
    }
    expect(echo.users).toEqual(["CN=app", "CN=app", "CN=app"]);
  });

  it("are framed where pings were negotiated", async () => {
    await using emulator = await startCluster("18");
    await using echo = await startEcho(emulator);
    emulator.addResources(parseResources(database("redis", echo.address), "test"));
    const output = await databaseOutput(emulator, await joinRaw(emulator), { protocol: "redis" });
    const socket = await rawTls(targetOf(emulator), {
      cert: output.tls,
      key: output.key.privateKeyPem,
      ALPNProtocols: ["teleport-redis-ping", "teleport-redis"],
    });
    expect(socket.alpnProtocol).toBe("teleport-redis-ping");
    const frame = Buffer.concat([Buffer.from([0, 0, 0, greeting.length]), greeting]);
    // A frame without bytes is a ping, and not for the database.
    const sent = Buffer.concat([Buffer.alloc(4), frame]);
    socket.write(sent);
    let received = Buffer.alloc(0);
    while (received.length < frame.length) {
      received = Buffer.concat([received, ((await once(socket, "data")) as [Buffer])[0]]);
    }
    expect(received).toEqual(frame);
    socket.destroy();
  });

  it("may begin a second TLS inside, which shows the host certificate and wants one for a database", async () => {
    await using emulator = await startCluster("18");
    await using echo = await startEcho(emulator);
    emulator.addResources(parseResources(database("mongodb", echo.address), "test"));
    const output = await databaseOutput(emulator, await joinRaw(emulator), { protocol: "mongodb" });
    const inside = async (protocol: string, identity?: RawIdentity): Promise<TLSSocket> => {
      const outer = await rawTls(targetOf(emulator), { ALPNProtocols: [protocol] });
      const inner = connect({
        socket: outer,
        servername: "localhost",
        ca: output.tlsCaCerts[1] ?? "",
        ...(identity !== undefined && { cert: identity.tls, key: identity.key.privateKeyPem }),
      });
      await once(inner, "secureConnect");
      return inner;
    };
    for (const protocol of ["teleport-mongodb", "teleport-mongodb-ping"].slice(0, 1)) {
      const inner = await inside(protocol, output);
      expect((await exchange(inner, greeting)).toString()).toBe("hello, database");
      inner.destroy();
    }
    const anonymous = await inside("teleport-mongodb");
    anonymous.on("error", () => undefined).resume();
    await once(anonymous, "close");
    expect(echo.users).toEqual(["CN=app"]);
  });
});
