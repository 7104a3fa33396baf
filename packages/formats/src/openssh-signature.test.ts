import { sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { encodePublicKey } from "./openssh-public-key.ts";
import { createSignature, parseSignature, verifySignature } from "./openssh-signature.ts";
import { expectCode, keyPairs, keyTypes } from "./testing/oracles.ts";
import { SshWriter } from "./wire.ts";

const data = Buffer.from("what is signed");
const blob = (algorithm: string, signature: Uint8Array): Uint8Array =>
  new SshWriter().string(algorithm).string(signature).bytes();
const rsa = keyPairs["ssh-rsa"];
const rsaBlob = encodePublicKey(rsa.publicKey);
const p256Blob = encodePublicKey(keyPairs["ecdsa-sha2-nistp256"].publicKey);

describe("OpenSSH signatures", () => {
  it.each([
    ["ssh-rsa", "rsa-sha2-512", 256],
    ["ssh-ed25519", "ssh-ed25519", 64],
  ] as const)("signs with a %s key as %s", (type, algorithm, bytes) => {
    const signature = parseSignature(createSignature(data, keyPairs[type].privateKey));
    expect(signature).toMatchObject({ algorithm, signature: { length: bytes } });
  });

  it.each(keyTypes)("verifies what a %s key signed, and nothing else", (type) => {
    const { publicKey, privateKey } = keyPairs[type];
    const signature = createSignature(data, privateKey);
    const key = encodePublicKey(publicKey);
    expect(verifySignature(data, signature, key)).toBe(true);
    expect(verifySignature(Buffer.from("something else"), signature, key)).toBe(false);
    for (const other of keyTypes.filter((candidate) => candidate !== type)) {
      expect(verifySignature(data, signature, encodePublicKey(keyPairs[other].publicKey))).toBe(false);
    }
  });

  it("verifies every ECDSA signature, however short its numbers are", () => {
    const { privateKey } = keyPairs["ecdsa-sha2-nistp256"];
    // One signature in 128 has a number with a leading zero byte, every second one a leading 00 in its mpint.
    for (let i = 0; i < 600; i++) {
      const message = Buffer.from(`message ${i}`);
      expect(verifySignature(message, createSignature(message, privateKey), p256Blob)).toBe(true);
    }
  });

  it.each<[string, string, boolean]>([
    ["rsa-sha2-256", "sha256", true],
    ["rsa-sha2-512", "sha512", true],
    ["rsa-sha2-512", "sha256", false],
    ["ssh-rsa", "sha1", false],
    ["ssh-rsa", "sha512", false],
    ["rsa-sha2-384", "sha384", false],
  ])("takes the algorithm %s made with %s: %s", (algorithm, hash, expected) => {
    const signature = blob(algorithm, sign(hash, data, rsa.privateKey));
    expect(verifySignature(data, signature, rsaBlob)).toBe(expected);
  });

  it.each<[string, Uint8Array, Uint8Array]>([
    ["an RSA signature of another length", blob("rsa-sha2-512", new Uint8Array(255)), rsaBlob],
    ["an empty RSA signature", blob("rsa-sha2-512", new Uint8Array()), rsaBlob],
    [
      "an ECDSA number that is too large",
      blob(
        "ecdsa-sha2-nistp256",
        new SshWriter().positiveMpint(Uint8Array.of(1)).positiveMpint(new Uint8Array(33).fill(1)).bytes(),
      ),
      p256Blob,
    ],
    [
      "an Ed25519 signature of another length",
      blob("ssh-ed25519", new Uint8Array(63)),
      encodePublicKey(keyPairs["ssh-ed25519"].publicKey),
    ],
  ])("says false to %s", (_, signature, key) => {
    expect(verifySignature(data, signature, key)).toBe(false);
  });

  it.each<[string, Uint8Array]>([
    ["an empty blob", new Uint8Array()],
    ["bytes after the signature", Uint8Array.of(...blob("rsa-sha2-512", new Uint8Array(256)), 0)],
    [
      "an ECDSA signature in DER",
      blob("ecdsa-sha2-nistp256", sign("sha256", data, keyPairs["ecdsa-sha2-nistp256"].privateKey)),
    ],
    [
      "bytes after an ECDSA signature's numbers",
      blob(
        "ecdsa-sha2-nistp256",
        new SshWriter()
          .positiveMpint(Uint8Array.of(1))
          .positiveMpint(Uint8Array.of(1))
          .raw(Uint8Array.of(0))
          .bytes(),
      ),
    ],
  ])("refuses %s", (_, signature) => {
    expectCode(() => verifySignature(data, signature, p256Blob), "ERR_FORMAT_SSH_WIRE");
  });

  it("refuses a key that is no key", () => {
    expectCode(
      () => verifySignature(data, blob("a", data), new SshWriter().string("b").bytes()),
      "ERR_FORMAT_SSH_KEY",
    );
  });
});
