import { createHash, createPublicKey, createSecretKey, generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAuthorizedKey, parseAuthorizedKey } from "./authorized-key.ts";
import { encodePublicKey, parsePublicKey, publicKeyType } from "./openssh-public-key.ts";
import { expectCode, expectNoCrash, keyPairs, keyTypes, runOracle, TestFolder } from "./testing/oracles.ts";
import { SshWriter } from "./wire.ts";

const f65537 = Uint8Array.of(1, 0, 1);

function rsaBlob(bits: number): Uint8Array {
  const n = new Uint8Array(Math.ceil(bits / 8)).fill(0xff);
  n[0] = 0xff >> (n.length * 8 - bits);
  return new SshWriter().string("ssh-rsa").positiveMpint(f65537).positiveMpint(n).bytes();
}

function ecBlob(curve: string, point: Uint8Array): Uint8Array {
  return new SshWriter().string("ecdsa-sha2-nistp256").string(curve).string(point).bytes();
}

const p256Point = encodePublicKey(keyPairs["ecdsa-sha2-nistp256"].publicKey).subarray(-65);

describe("OpenSSH public keys", () => {
  it.each(keyTypes)("decodes the %s key that it encoded", (type) => {
    const { publicKey, privateKey } = keyPairs[type];
    const blob = encodePublicKey(publicKey);
    expect(publicKeyType(publicKey)).toBe(type);
    expect(parsePublicKey(blob).equals(publicKey)).toBe(true);
    expect(encodePublicKey(privateKey)).toEqual(blob);
  });

  it.for(keyTypes)("gives ssh-keygen a %s key of the same fingerprint", (type, context) => {
    const blob = encodePublicKey(keyPairs[type].publicKey);
    const file = new TestFolder().write("key.pub", `${formatAuthorizedKey(blob)}\n`);
    const fingerprint = createHash("sha256").update(blob).digest("base64").replace(/=+$/, "");
    expect(runOracle(context, "ssh-keygen", ["-l", "-f", file])).toContain(
      `SHA256:${fingerprint} no comment (`,
    );
  });

  // OpenSSH 9.2 neither reads nor writes Ed25519 in PKCS #8.
  it.for(keyTypes.filter((type) => type !== "ssh-ed25519"))(
    "agrees with ssh-keygen about a %s key",
    (type, context) => {
      const folder = new TestFolder();
      const { publicKey, privateKey } = keyPairs[type];
      const line = formatAuthorizedKey(encodePublicKey(publicKey));
      const key = folder.write("key", privateKey.export({ type: "pkcs8", format: "pem" }));
      expect(runOracle(context, "ssh-keygen", ["-y", "-f", key]).trim()).toBe(line);
      const pem = runOracle(context, "ssh-keygen", [
        "-e",
        "-m",
        "PKCS8",
        "-f",
        folder.write("key.pub", `${line}\n`),
      ]);
      expect(createPublicKey(pem).equals(publicKey)).toBe(true);
    },
  );

  it.for([
    ["rsa", "2048", "ssh-rsa"],
    ["ecdsa", "256", "ecdsa-sha2-nistp256"],
    ["ecdsa", "384", "ecdsa-sha2-nistp384"],
    ["ecdsa", "521", "ecdsa-sha2-nistp521"],
    ["ed25519", "256", "ssh-ed25519"],
  ] as const)("reads the %s key of %s bits that ssh-keygen made", ([name, bits, type], context) => {
    const folder = new TestFolder();
    const path = `${folder.path}/key`;
    runOracle(context, "ssh-keygen", ["-q", "-t", name, "-b", bits, "-N", "", "-C", "made here", "-f", path]);
    const line = parseAuthorizedKey(folder.read("key.pub"));
    const key = parsePublicKey(line.blob);
    expect(line).toMatchObject({ type, comment: "made here" });
    expect(publicKeyType(key)).toBe(type);
    expect(encodePublicKey(key)).toEqual(line.blob);
  });

  it.each<[string, () => Parameters<typeof encodePublicKey>[0]]>([
    ["secp256k1", () => generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey],
    ["x25519", () => generateKeyPairSync("x25519").publicKey],
    ["rsa-pss", () => generateKeyPairSync("rsa-pss", { modulusLength: 1024 }).privateKey],
    ["secret", () => createSecretKey(Buffer.from("not shown"))],
  ])("refuses to write a %s key and names the type", (type, make) => {
    const key = make();
    expectCode(() => encodePublicKey(key), "ERR_FORMAT_SSH_KEY");
    expect(() => encodePublicKey(key)).toThrow(`Cannot write a key of type ${type} in OpenSSH's form.`);
  });

  it.each<[string, Uint8Array]>([
    ["an unknown type", new SshWriter().string("ssh-dss").bytes()],
    ["a type that is a property of every object", new SshWriter().string("constructor").bytes()],
    ["an RSA modulus of 1023 bits", rsaBlob(1023)],
    ["an RSA modulus of 16385 bits", rsaBlob(16385)],
    ["an Ed25519 key of 31 bytes", new SshWriter().string("ssh-ed25519").string(new Uint8Array(31)).bytes()],
    ["another curve than its type says", ecBlob("nistp384", p256Point)],
    ["a compressed point", ecBlob("nistp256", Uint8Array.of(2, ...p256Point.subarray(1, 33)))],
    ["a point without the leading 04", ecBlob("nistp256", Uint8Array.of(6, ...p256Point.subarray(1)))],
    ["a short point", ecBlob("nistp256", p256Point.subarray(0, 64))],
    ["an empty point", ecBlob("nistp256", new Uint8Array())],
    ["a point beside the curve", ecBlob("nistp256", Uint8Array.of(4, ...new Uint8Array(64).fill(1)))],
  ])("refuses %s", (_, blob) => {
    expectCode(() => parsePublicKey(blob), "ERR_FORMAT_SSH_KEY");
  });

  it.each([1024, 16384])("takes an RSA modulus of %i bits", (bits) => {
    expect(parsePublicKey(rsaBlob(bits)).asymmetricKeyDetails?.modulusLength).toBe(bits);
  });

  it.each(keyTypes)("refuses a %s key that is cut off or followed by more", (type) => {
    const blob = encodePublicKey(keyPairs[type].publicKey);
    for (let length = 0; length < blob.length; length++) {
      expectCode(() => parsePublicKey(blob.subarray(0, length)), "ERR_FORMAT_SSH_WIRE");
    }
    expectCode(() => parsePublicKey(Uint8Array.of(...blob, 0)), "ERR_FORMAT_SSH_WIRE");
  });

  it("never fails otherwise on arbitrary and on damaged bytes", () => {
    const blobs = keyTypes.map((type) => encodePublicKey(keyPairs[type].publicKey));
    const damaged = fc.tuple(fc.constantFrom(...blobs), fc.nat(), fc.nat(255)).map(([blob, at, byte]) => {
      const copy = Uint8Array.from(blob);
      copy[at % copy.length] = byte;
      return copy;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), damaged), (blob) => expectNoCrash(() => parsePublicKey(blob))),
    );
  });
});
