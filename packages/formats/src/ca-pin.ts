import { createHash } from "node:crypto";
import { FormatError, quote } from "./errors.ts";
import { certificatePublicKey } from "./x509-certificate.ts";

// A pin: `sha256:` and the lower-case hex of SHA-256 over the certificate's SubjectPublicKeyInfo DER, join.md section 6.

/** Computes the pin of one PEM certificate; throws `ERR_FORMAT_X509`. */
export function computeCaPin(certificatePem: string): string {
  const spki = certificatePublicKey(certificatePem).export({ type: "spki", format: "der" });
  return `sha256:${createHash("sha256").update(spki).digest("hex")}`;
}

/**
 * Checks that every certificate matches some pin, so that during a CA rotation both pins are needed. Throws
 * `ERR_FORMAT_CA_PIN` for a misspelt pin and `ERR_FORMAT_CA_PIN_MISMATCH` for a certificate without a pin or
 * when there is no certificate to check. Hex may be in upper case.
 */
export function checkCaPins(certificatesPem: string[], pins: string[]): void {
  const known = new Set(pins.map(normalizePin));
  const found = certificatesPem.map(computeCaPin);
  const stranger = found.find((pin) => !known.has(pin));
  if (found.length > 0 && stranger === undefined) return;
  throw new FormatError({
    code: "ERR_FORMAT_CA_PIN_MISMATCH",
    kind: "user",
    message: `Checked ${found.length} CA certificates of the cluster against ${known.size} pins: ${
      stranger === undefined ? "there was none to check" : `${stranger} matches none of them`
    }.`,
    hint: "Compare with the pins that `tctl status` prints; during a CA rotation both the old and the new one are needed.",
  });
}

function normalizePin(pin: string): string {
  const normalized = pin.trim().toLowerCase();
  if (/^sha256:[0-9a-f]{64}$/.test(normalized)) return normalized;
  throw new FormatError({
    code: "ERR_FORMAT_CA_PIN",
    kind: "user",
    message: `Cannot use ${quote(pin)} as a CA pin.`,
    hint: "A pin is `sha256:` and 64 hexadecimal digits, as `tctl status` prints it.",
  });
}
