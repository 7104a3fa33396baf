import { Duplex } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DatabaseRoute } from "../access/databases.ts";
import { Refusal } from "../refusal.ts";
import { acceptEncryption, encryptionRequest, servePostgres } from "./postgres.ts";

const request = (code: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(8, 0);
  bytes.writeUInt32BE(code, 4);
  return bytes;
};
const ssl = request(80_877_103);
const gss = request(80_877_104);

/** A client that sends these bytes, cut at the given places, and keeps what it is told. */
function clientOf(...chunks: Buffer[]): { stream: Duplex; told: () => Buffer } {
  const answers: Buffer[] = [];
  const left = [...chunks];
  const stream = new Duplex({
    read() {
      this.push(left.shift() ?? null);
    },
    write(chunk: Buffer, _encoding, done) {
      answers.push(chunk);
      done();
    },
  });
  stream.on("error", () => undefined);
  return { stream, told: () => Buffer.concat(answers) };
}

function startMessage(values: Record<string, string>): Buffer {
  const words = Object.entries(values).flat();
  const content = Buffer.from(`${words.map((word) => `${word}\0`).join("")}\0`);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(content.length + 8, 0);
  head.writeUInt32BE(196_608, 4);
  return Buffer.concat([head, content]);
}

describe("the start of a PostgreSQL connection", () => {
  it("tells requests for encryption from everything else", () => {
    expect([ssl, gss, request(1), startMessage({ user: "a" })].map(encryptionRequest)).toEqual([
      "ssl",
      "gss",
      undefined,
      undefined,
    ]);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => void encryptionRequest(bytes)));
  });

  it("denies GSS and grants TLS, however the bytes are cut", async () => {
    const client = clientOf(gss.subarray(0, 3), gss.subarray(3), ssl.subarray(0, 7), ssl.subarray(7));
    expect(await acceptEncryption(client.stream)).toBe(true);
    expect(client.told().toString()).toBe("NS");
    expect(await acceptEncryption(clientOf(startMessage({ user: "a" })).stream)).toBe(false);
    expect(await acceptEncryption(clientOf().stream)).toBe(false);
  });

  it("names user and database, the user's own by default, and a refusal is told", async () => {
    const asked: (string | undefined)[][] = [];
    const route = {
      database: { uri: "127.0.0.1:1" },
      checkLogin: (user: string, name: string | undefined) => {
        asked.push([user, name]);
        throw new Refusal("access-denied", "not you");
      },
    } as unknown as DatabaseRoute;
    for (const values of [{ user: "app" }, { user: "app", database: "shop" }]) {
      const client = clientOf(Buffer.concat([ssl, startMessage(values)]));
      await servePostgres(client.stream, () => route);
      expect(client.told().toString("latin1")).toBe("NE\0\0\0#SFATAL\0VFATAL\0C28000\0Mnot you\0\0");
    }
    expect(asked).toEqual([
      ["app", "app"],
      ["app", "shop"],
    ]);
  });

  it("whatever else comes ends the connection", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (bytes) => {
        const client = clientOf(Buffer.from(bytes));
        await servePostgres(client.stream, () => {
          throw new Refusal("not-found", "no");
        });
        expect(client.stream.destroyed || client.stream.writableEnded).toBe(true);
      }),
    );
  });
});
