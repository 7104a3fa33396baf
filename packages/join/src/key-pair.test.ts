import { createPrivateKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requireTool, runTool } from "../../../test/support/tools.ts";
import { createKeyPair, type KeyType } from "./key-pair.ts";

test.for<[KeyType, string, string]>([
  ["ecdsa-p256", "ecdsa-sha2-nistp256", "PRIVATE KEY"],
  ["rsa-2048", "ssh-rsa", "RSA PRIVATE KEY"],
])("a key pair of type %s is what OpenSSH and OpenSSL read", async ([type, sshType, label], context) => {
  const [sshKeygen, openssl] = [requireTool(context, "ssh-keygen"), requireTool(context, "openssl")];
  const keyPair = await createKeyPair(type);
  expect(keyPair.privateKeyPem.reveal().split("\n")[0]).toBe(`-----BEGIN ${label}-----`);
  expect(keyPair.publicKeyLine.startsWith(`${sshType} `)).toBe(true);
  expect(createPrivateKey(keyPair.privateKeyPem.reveal()).asymmetricKeyDetails).toMatchObject(
    type === "rsa-2048" ? { modulusLength: 2048 } : { namedCurve: "prime256v1" },
  );
  const folder = mkdtempSync(join(tmpdir(), "bot-join-key-"));
  try {
    const path = join(folder, "key");
    writeFileSync(path, keyPair.privateKeyPem.reveal(), { mode: 0o600 });
    expect(runTool(sshKeygen, ["-y", "-f", path]).trim().split(" ").slice(0, 2).join(" ")).toBe(
      keyPair.publicKeyLine,
    );
    expect(runTool(openssl, ["pkey", "-in", path, "-pubout"])).toBe(keyPair.publicKeyPem);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("every key pair is a new one", async () => {
  const [first, second] = await Promise.all([createKeyPair("ecdsa-p256"), createKeyPair("ecdsa-p256")]);
  expect(first.publicKeyLine).not.toBe(second.publicKeyLine);
});
