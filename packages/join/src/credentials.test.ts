import { X509Certificate } from "node:crypto";
import { computeCaPin } from "@bot-join/formats";
import { beforeAll, describe, expect, test } from "vitest";
import { readCredentials } from "./credentials.ts";
import { createKeyPair, type KeyPair } from "./key-pair.ts";
import { recordedBotKey, recordedJoin } from "./testing/recorded.ts";

const where = "The cluster at p:443";
const key = recordedBotKey();
const body = JSON.parse(recordedJoin("ok").body) as { ssh: string; tls: string; tls_ca_certs: string[] };
const {
  ssh = "",
  tls = "",
  tls_ca_certs: cas = [],
} = body as { ssh: string; tls: string; tls_ca_certs: string[] };
const [userCa = "", hostCa = ""] = cas;

function decode(text: string): string {
  return Buffer.from(text, "base64").toString();
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64");
}

function read(members: Record<string, unknown> = {}, caPins: string[] = [], keyPair: KeyPair = key) {
  return readCredentials(JSON.stringify({ ...body, ...members }), where, keyPair, caPins);
}

describe("readCredentials", () => {
  test("reads what a real cluster answered", () => {
    const bot = read();
    expect(bot).toMatchObject({
      keyPair: key,
      tlsCertificate: decode(tls),
      hostCa: [decode(hostCa)],
      identity: {
        username: "bot-robot",
        botName: "robot",
        cluster: "bot.test",
        roles: ["bot-robot"],
        renewable: false,
      },
      sshCertificate: { keyId: "bot-robot", kind: "user" },
    });
    expect(bot.notAfter.getTime() - bot.notBefore.getTime()).toBe(61 * 60_000);
    expect(bot.notBefore).toEqual(new Date(new X509Certificate(bot.tlsCertificate).validFrom));
  });

  test("tells the host CA from the user CA in any order, more than one during a rotation", () => {
    expect(read({ tls_ca_certs: [hostCa, userCa] }).hostCa).toEqual([decode(hostCa)]);
    expect(read({ tls_ca_certs: [hostCa, userCa, hostCa] }).hostCa).toEqual([decode(hostCa), decode(hostCa)]);
  });

  test("passes over members it does not know, and needs no SSH authorities", () => {
    expect(read({ bot_instance_id: { deep: [1] }, ssh_ca_certs: undefined, SSH: 1 }).identity.botName).toBe(
      "robot",
    );
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["no SSH certificate", { ssh: undefined }, "ssh"],
    ["an empty SSH certificate", { ssh: "" }, "SSH"],
    ["no TLS certificate", { tls: undefined }, "tls"],
    ["an empty TLS certificate", { tls: "" }, "0 CERTIFICATE blocks"],
    ["a member of another type", { tls: 7 }, "its member tls is not a string"],
    ["null instead of a list", { tls_ca_certs: null }, "its member tls_ca_certs is not a list"],
    ["no authorities", { tls_ca_certs: undefined }, "tls_ca_certs"],
    ["an empty list of authorities", { tls_ca_certs: [] }, "its member tls_ca_certs is empty"],
    [
      "an authority that is no text",
      { tls_ca_certs: [userCa, 1] },
      "its member tls_ca_certs.1 is not a string",
    ],
    ["what is not base64", { tls: "###" }, "its member tls is not base64"],
    ["a certificate that is cut", { tls: encode(decode(tls).slice(0, 700)) }, "CERTIFICATE"],
    ["another kind of PEM", { tls: encode(key.publicKeyPem) }, "0 CERTIFICATE blocks"],
    ["a chain of certificates", { tls: encode(decode(tls) + decode(userCa)) }, "2 CERTIFICATE blocks"],
    [
      "a certificate with its DER damaged",
      { tls: encode(decode(tls).replace("\nMII", "\nAII")) },
      "certificate",
    ],
    ["an SSH key instead of a certificate", { ssh: encode(`${key.publicKeyLine}\n`) }, "certificate"],
    ["an SSH certificate that is cut", { ssh: encode(decode(ssh).slice(0, 300)) }, ""],
    ["a certificate that is no identity", { tls: hostCa }, "Teleport identity"],
    ["the user CA alone", { tls_ca_certs: [userCa] }, "the host CA is missing"],
    ["the host CA alone", { tls_ca_certs: [hostCa] }, "no authority in it issued the certificate"],
    ["an authority that is no certificate", { tls_ca_certs: [userCa, encode("x")] }, "CERTIFICATE"],
  ])("refuses %s", (_what, members, why) => {
    expect(() => read(members)).toThrow(
      expect.objectContaining({
        name: "JoinError",
        code: "ERR_JOIN_ANSWER_INVALID",
        kind: "cluster",
        retryable: false,
        message: expect.stringMatching(new RegExp(`^The cluster at p:443 answered the join .*${why}`, "s")),
      }),
    );
  });

  test.each([
    ["", "0 bytes that are not JSON"],
    ["<html>welcome</html>", "20 bytes that are not JSON"],
    [recordedJoin("ok").body.slice(0, 1000), "1000 bytes that are not JSON"],
    ["null", "it is not a JSON object"],
    ['"text"', "it is not a JSON object"],
    ["[]", "ssh"],
    ["{}", "ssh"],
  ])("refuses the body %.20s", (text, why) => {
    expect(() => readCredentials(text, where, key, [])).toThrow(
      expect.objectContaining({ code: "ERR_JOIN_ANSWER_INVALID", message: expect.stringContaining(why) }),
    );
  });

  describe("for another key", () => {
    let other: KeyPair;
    beforeAll(async () => {
      other = await createKeyPair("ecdsa-p256");
    });

    test("refuses either certificate", () => {
      const halves = [
        other,
        { ...key, publicKeyLine: other.publicKeyLine },
        { ...key, publicKey: other.publicKey },
      ];
      for (const keyPair of halves) {
        expect(() => read({}, [], keyPair)).toThrow(
          expect.objectContaining({ message: expect.stringContaining("is for another key than ours") }),
        );
      }
    });
  });

  test("trusts only authorities that are pinned, in any case of letters", () => {
    const pin = computeCaPin(decode(hostCa));
    const wrong = `sha256:${"0".repeat(64)}`;
    expect(read({}, [pin]).hostCa).toEqual([decode(hostCa)]);
    expect(read({}, [wrong, pin.toUpperCase()]).hostCa).toEqual([decode(hostCa)]);
    for (const pins of [[wrong], [computeCaPin(decode(userCa))]]) {
      expect(() => read({}, pins)).toThrow(
        expect.objectContaining({
          code: "ERR_JOIN_CA_PIN_MISMATCH",
          kind: "denied",
          message: expect.stringContaining(pin),
          hint: expect.stringContaining("tctl status"),
        }),
      );
    }
  });
});
