import type { ConnectionOptions } from "node:tls";
import type { DatabaseRoute } from "../access/databases.ts";

/** Makes the TLS settings towards a database: the user's certificate, and which authority its own must be from. */
export function databaseTls(route: DatabaseRoute, user: string): ConnectionOptions {
  const { certificatePem, privateKeyPem } = route.clientCertificate(user);
  const { mode, caCert, serverName } = route.database.tls;
  return {
    cert: certificatePem,
    key: privateKeyPem,
    ca: caCert === "" ? route.authorityPem : caCert,
    rejectUnauthorized: mode !== "insecure",
    ...(mode === "verify-ca" && { checkServerIdentity: () => undefined }),
    ...(serverName !== "" && { servername: serverName }),
  };
}
