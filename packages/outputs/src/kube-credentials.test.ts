import { expect, test } from "vitest";
import { kubeCredentials } from "./kube-credentials.ts";
import { recorded } from "./test-support.ts";

const identity = recorded("kubernetes", "identity");
// The recorded certificate's end.
const end = Date.UTC(2026, 10, 22, 5, 23, 21);

test.each([
  ["half an hour before", -30 * 60_000, "2026-11-22T05:22:21Z"],
  ["a second more than a minute before", -61_000, "2026-11-22T05:22:21Z"],
  ["a minute before", -60_000, "2026-11-22T05:23:21Z"],
  ["after", 1000, "2026-11-22T05:23:21Z"],
])("%s the end", (_, offset, expirationTimestamp) => {
  const key = recorded("kubernetes", "key").replaceAll("\n", "\\n");
  const certificate = recorded("kubernetes", "tlscert").replaceAll("\n", "\\n");
  expect(kubeCredentials(identity, new Date(end + offset))).toBe(
    `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","spec":{"interactive":false},"status":{"expirationTimestamp":"${expirationTimestamp}","clientCertificateData":"${certificate}","clientKeyData":"${key}"}}\n\n`,
  );
});

test.each([
  ["", "does not hold"],
  ["not an identity", "does not hold"],
  [recorded("kubernetes", "key"), "does not hold"],
  [identity.slice(0, 2000), "does not hold"],
  [`${recorded("kubernetes", "key")}${recorded("kubernetes", "key")}`, "second block is not a certificate"],
])("an unusable file %#", (text, what) => {
  expect(() => kubeCredentials(text, new Date(end))).toThrow(
    expect.objectContaining({
      code: "ERR_OUTPUT_IDENTITY_FILE",
      message: expect.stringContaining(what),
    }),
  );
});

test("the error of a damaged file holds none of it", () => {
  const key = recorded("kubernetes", "key");
  try {
    kubeCredentials(key + key, new Date(end));
  } catch (error) {
    expect(String((error as Error).stack)).not.toContain(key.slice(40, 80));
  }
});
