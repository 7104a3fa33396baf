import { Secret } from "@bot-join/core";
import { describe, expect, test } from "vitest";
import { createKeyPair } from "./key-pair.ts";
import { restoreIdentity } from "./restore-identity.ts";
import { recordedBot } from "./testing/recorded.ts";

const { certificates } = recordedBot();

describe("restoreIdentity", () => {
  test.each([
    ["no key", "nonsense", /its key cannot be read \(/],
    [
      "a public key",
      "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n",
      /its key cannot be read \(/,
    ],
    [
      "an Ed25519 key",
      "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n",
      /its key cannot be read \(a key of type ed25519\)/,
    ],
  ])("%s", (_, key, message) => {
    const restore = () => restoreIdentity(certificates, new Secret(key), [], "The data directory /d");
    expect(restore).toThrowError(
      expect.objectContaining({ code: "ERR_JOIN_STORED_IDENTITY", message: expect.stringMatching(message) }),
    );
  });

  test.each(["ecdsa-p256", "rsa-2048"] as const)(
    "certificates for another key than the kept %s one",
    async (type) => {
      const { privateKeyPem } = await createKeyPair(type);
      expect(() => restoreIdentity(certificates, privateKeyPem, [], "The data directory /d")).toThrowError(
        expect.objectContaining({
          code: "ERR_JOIN_STORED_IDENTITY",
          kind: "user",
          message:
            "The data directory /d holds a bot's identity that is of no use: its certificate is for another key than ours. Nothing in it was changed.",
        }),
      );
    },
  );
});
