import { X509Certificate } from "node:crypto";
import { OutputError } from "./errors.ts";

/** How long before the certificate's end kubectl shall ask again, in milliseconds. */
const marginMs = 60_000;

/**
 * Writes what kubectl expects of a credentials program: the key and certificate of an `identity` file as an `ExecCredential`, to
 * be used until a minute before the certificate ends (outputs.md section 6.5). An empty line follows the JSON, as from tbot.
 * Throws `ERR_OUTPUT_IDENTITY_FILE` for a text that holds no key and certificate.
 */
export function kubeCredentials(identityFile: string, now: Date): string {
  // Readers tell the blocks by their order alone: key, certificate, authorities (outputs.md section 2.3).
  const [key, certificate] = identityFile.match(/^-----BEGIN [^\n]*\n[\s\S]*?^-----END [^\n]*\n?/gm) ?? [];
  if (key === undefined || certificate === undefined)
    throw unreadable("it does not hold a private key and a certificate");
  const end = readEnd(certificate);
  const early = new Date(end.getTime() - marginMs);
  const expires = early > now ? early : end;
  return `${JSON.stringify({
    kind: "ExecCredential",
    apiVersion: "client.authentication.k8s.io/v1beta1",
    spec: { interactive: false },
    status: {
      expirationTimestamp: expires.toISOString().replace(/\.\d+Z$/, "Z"),
      clientCertificateData: certificate,
      clientKeyData: key,
    },
  })}\n\n`;
}

function readEnd(certificate: string): Date {
  try {
    return new Date(new X509Certificate(certificate).validTo);
  } catch (error) {
    throw unreadable("its second block is not a certificate", error);
  }
}

function unreadable(what: string, cause?: unknown): OutputError {
  return new OutputError({
    code: "ERR_OUTPUT_IDENTITY_FILE",
    kind: "user",
    message: `The identity file cannot be used: ${what}.`,
    hint: "Give the directory that bot-join wrote the output to, while the job that wrote it still runs.",
    cause,
  });
}
