import type { Duplex } from "node:stream";
import type { DatabaseRoute } from "../access/databases.ts";
import { Refusal } from "../refusal.ts";
import { beginTls, connectBackend, join } from "./connect.ts";
import { databaseTls } from "./database-tls.ts";
import { readBytes } from "./read-bytes.ts";

/*
 * The start of a PostgreSQL connection (PostgreSQL's documentation, "Message Formats"):
 *
 *   order  type    name     meaning
 *   1      uint32  length   of the whole message, itself included
 *   2      uint32  code     196608 (version 3.0), or one of the requests below
 *   3      bytes   content  for 3.0: names and values, each ended by a zero byte, and one zero byte more
 */

const codes = { ssl: 80_877_103, gss: 80_877_104 } as const;
/** Most bytes of a first message that are read, as the server itself has it. */
const maxStartBytes = 10_000;

/** The first message of a client: the bytes, and what they say. */
interface StartMessage {
  bytes: Buffer;
  user: string;
  database: string;
}

/** Tells whether eight bytes ask for encryption, by TLS or GSS. */
export function encryptionRequest(bytes: Uint8Array): "ssl" | "gss" | undefined {
  if (bytes.length < 8) return undefined;
  const view = Buffer.from(bytes.subarray(0, 8));
  if (view.readUInt32BE(0) !== 8) return undefined;
  const code = view.readUInt32BE(4);
  if (code === codes.ssl) return "ssl";
  return code === codes.gss ? "gss" : undefined;
}

/** Answers requests for encryption until TLS is asked for and granted; false when the client asks for none. */
export async function acceptEncryption(stream: Duplex): Promise<boolean> {
  for (;;) {
    const request = encryptionRequest((await readBytes(stream, 8)) ?? new Uint8Array());
    if (request === undefined) return false;
    stream.write(request === "ssl" ? "S" : "N");
    if (request === "ssl") return true;
  }
}

/** Reads the first real message; requests for encryption are denied, as the stream is encrypted already. */
async function readStart(stream: Duplex): Promise<StartMessage | undefined> {
  for (;;) {
    const head = await readBytes(stream, 8);
    if (head === undefined) return undefined;
    if (encryptionRequest(head) !== undefined) {
      stream.write("N");
      continue;
    }
    const length = head.readUInt32BE(0);
    if (length < 9 || length > maxStartBytes || head.readUInt32BE(4) >> 16 !== 3) return undefined;
    const content = await readBytes(stream, length - 8);
    if (content === undefined) return undefined;
    const words = content.toString("utf8").split("\0");
    const values = new Map<string, string>();
    for (let at = 0; at + 1 < words.length; at += 2) values.set(words[at] ?? "", words[at + 1] ?? "");
    const user = values.get("user") ?? "";
    return { bytes: Buffer.concat([head, content]), user, database: values.get("database") ?? user };
  }
}

/** Writes an ErrorResponse, after which a server closes. */
function errorResponse(message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C28000\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeUInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

/**
 * Joins a client that speaks PostgreSQL's protocol to its database, as the user whom it names: the database is shown
 * a certificate of that user (proxy-transport.md section 6.3). A refusal reaches the client as an ErrorResponse.
 */
export async function servePostgres(stream: Duplex, findRoute: () => DatabaseRoute): Promise<void> {
  const start = await readStart(stream);
  if (start === undefined) {
    stream.destroy();
    return;
  }
  try {
    const route = findRoute();
    const { uri } = route.database;
    route.checkLogin(start.user, start.database);
    const socket = await connectBackend(uri);
    socket.write(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]));
    const answer = await readBytes(socket, 1);
    if (answer?.toString() !== "S") {
      socket.destroy();
      throw new Refusal("connection-problem", `the database at ${uri} does not speak TLS`);
    }
    const backend = await beginTls(socket, uri, databaseTls(route, start.user));
    backend.write(start.bytes);
    join(stream, backend);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    stream.end(errorResponse(error.message));
  }
}
