import { describe, expect, test } from "vitest";
import { TransportError } from "./errors.ts";
import { abortError, mapDialError } from "./map-error.ts";

function failure(code: string, message = "it failed"): Error {
  return Object.assign(new Error(message), { code });
}

describe("mapDialError", () => {
  test.each([
    ["ECONNREFUSED", "ERR_TRANSPORT_UNREACHABLE", true, "Nothing listens there"],
    ["ENOTFOUND", "ERR_TRANSPORT_UNREACHABLE", false, "does not resolve"],
    ["EAI_AGAIN", "ERR_TRANSPORT_UNREACHABLE", true, "HTTPS_PROXY"],
    ["EHOSTUNREACH", "ERR_TRANSPORT_UNREACHABLE", true, "HTTPS_PROXY"],
    ["ETIMEDOUT", "ERR_TRANSPORT_TIMEOUT", true, "HTTPS_PROXY"],
    ["ECONNRESET", "ERR_TRANSPORT_CONNECTION_LOST", true, "load balancer"],
    ["EPIPE", "ERR_TRANSPORT_CONNECTION_LOST", true, "load balancer"],
    ["CERT_HAS_EXPIRED", "ERR_TRANSPORT_CERTIFICATE_UNTRUSTED", false, "clock"],
    ["CERT_NOT_YET_VALID", "ERR_TRANSPORT_CERTIFICATE_UNTRUSTED", false, "clock"],
    [
      "ERR_TLS_CERT_ALTNAME_INVALID",
      "ERR_TRANSPORT_CERTIFICATE_UNTRUSTED",
      false,
      "name that the certificate",
    ],
    ["SELF_SIGNED_CERT_IN_CHAIN", "ERR_TRANSPORT_CERTIFICATE_UNTRUSTED", false, "ca-file"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_TRANSPORT_NOT_TELEPORT", false, "3080"],
    ["ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL", "ERR_TRANSPORT_NOT_TELEPORT", false, "3080"],
    ["EPROTO", "ERR_TRANSPORT_NOT_TELEPORT", false, "3080"],
    ["ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", "ERR_TRANSPORT_CERTIFICATE_REFUSED", false, "Join again"],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "ERR_TRANSPORT_CERTIFICATE_REFUSED", false, "Join again"],
    ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED", "ERR_TRANSPORT_CERTIFICATE_REFUSED", false, "Join again"],
    ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "ERR_TRANSPORT_CERTIFICATE_REFUSED", false, "Join again"],
  ])("%s is %s", (code, expected, retryable, hint) => {
    const cause = failure(code);
    expect(mapDialError(cause, "The proxy p:443")).toMatchObject({
      name: "TransportError",
      code: expected,
      retryable,
      requestSent: false,
      message: expect.stringMatching(/^The proxy p:443 .*it failed|closed/),
      hint: expect.stringContaining(hint),
      cause,
    });
  });

  test("several addresses that all failed are listed", () => {
    const all = Object.assign(
      new AggregateError([failure("ECONNREFUSED", "a refused"), failure("ECONNREFUSED", "b refused")]),
      {
        code: "ECONNREFUSED",
      },
    );
    expect(mapDialError(all, "The proxy p:443")).toMatchObject({
      code: "ERR_TRANSPORT_UNREACHABLE",
      message: "The proxy p:443 cannot be reached: a refused; b refused.",
    });
  });

  test("our own errors pass through, other values are described", () => {
    const own = new TransportError({ code: "ERR_TRANSPORT_ADDRESS", kind: "user", message: "x" });
    expect(mapDialError(own, "The proxy")).toBe(own);
    expect(mapDialError("odd", "The proxy")).toMatchObject({ message: "The proxy cannot be reached: odd." });
  });
});

test("abortError keeps the reason, and puts a time limit in words", async () => {
  const reason = new Error("the run is over");
  expect(abortError(AbortSignal.abort(reason), "The proxy")).toBe(reason);
  const limit = new DOMException("The operation timed out", "TimeoutError");
  expect(abortError(AbortSignal.abort(limit), "The proxy p:443")).toMatchObject({
    code: "ERR_TRANSPORT_TIMEOUT",
    message: "The proxy p:443 did not answer in time.",
    retryable: true,
  });
});
