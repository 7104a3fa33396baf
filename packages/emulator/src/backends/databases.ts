import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { readTeleportIdentity } from "@bot-join/formats";
import type { DatabaseRoute } from "../access/databases.ts";
import type { Peer } from "../listener/client-certificate.ts";
import { Refusal } from "../refusal.ts";
import { beginTls, connectBackend, join } from "./connect.ts";
import { databaseTls } from "./database-tls.ts";
import { unframed } from "./ping-stream.ts";
import { servePostgres } from "./postgres.ts";

/** Protocols that begin as PostgreSQL's does. */
const postgresLike: readonly string[] = ["postgres", "cockroachdb"];

/** What serving databases needs to know. */
export interface DatabaseServerOptions {
  judge(socket: TLSSocket): Peer;
  /** Finds the database of a certificate; throws a Refusal. */
  find(certificatePem: string): DatabaseRoute;
  onInternalError(error: unknown): void;
}

/** Serves connections whose certificate is one for a database. */
export interface DatabaseServer {
  /** Serves such a connection, whatever it asked for, and hands on every other (proxy-transport.md section 1.1). */
  orElse(next: (socket: TLSSocket) => void): (socket: TLSSocket) => void;
}

/** Makes the server of databases. */
export function createDatabaseServer(options: DatabaseServerOptions): DatabaseServer {
  return {
    orElse: (next) => (socket) => {
      const peer = options.judge(socket);
      const certificatePem = peer.state === "certificate" ? peer.certificate.toString() : undefined;
      const route = certificatePem === undefined ? undefined : databaseOf(certificatePem);
      if (certificatePem === undefined || route === undefined) next(socket);
      else void serveDatabase(unframed(socket), certificatePem, route.protocol, options);
    },
  };
}

/** Reads which database a certificate is for, if it is for one. */
function databaseOf(certificatePem: string): { protocol: string } | undefined {
  const { databaseService, databaseProtocol } = readTeleportIdentity(certificatePem).attributes;
  return databaseService === undefined ? undefined : { protocol: databaseProtocol?.[0] ?? "" };
}

/**
 * Joins a decrypted stream to the database of its certificate. PostgreSQL's start is read and checked; of every other
 * protocol bytes are passed on as they are, over TLS with a certificate of the certificate's user, or over bare TCP for
 * MySQL, which begins TLS within its own protocol.
 */
async function serveDatabase(
  stream: Duplex,
  certificatePem: string,
  protocol: string,
  options: DatabaseServerOptions,
): Promise<void> {
  try {
    if (postgresLike.includes(protocol)) {
      await servePostgres(stream, () => options.find(certificatePem));
      return;
    }
    const route = options.find(certificatePem);
    route.checkLogin(route.user, undefined);
    const { uri } = route.database;
    const socket = await connectBackend(uri);
    join(stream, protocol === "mysql" ? socket : await beginTls(socket, uri, databaseTls(route, route.user)));
  } catch (error) {
    if (!(error instanceof Refusal)) options.onInternalError(error);
    stream.destroy();
  }
}
