import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAuthorizedKey, parseAuthorizedKey } from "./authorized-key.ts";
import { expectCode, expectNoCrash, vector } from "./testing/oracles.ts";
import { SshWriter } from "./wire.ts";

const blob = new SshWriter().string("ssh-ed25519").string(new Uint8Array(32)).bytes();
const base64 = Buffer.from(blob).toString("base64");

describe("authorized_keys lines", () => {
  it("writes type and base64 alone", () => {
    expect(formatAuthorizedKey(blob)).toBe(`ssh-ed25519 ${base64}`);
  });

  it.each<[string, string]>([
    [`ssh-ed25519 ${base64}`, ""],
    [`ssh-ed25519 ${base64}\n`, ""],
    [`  ssh-ed25519\t${base64}  robot@ci, "the" bot \r\n`, 'robot@ci, "the" bot'],
  ])("splits %j", (line, comment) => {
    expect(parseAuthorizedKey(line)).toEqual({ type: "ssh-ed25519", blob, comment });
  });

  it.each(["identity.pub", "identity-cert.pub", "bot-cert.pub", "ssh-host-cert.pub"])(
    "takes %s apart and together",
    (name) => {
      const line = vector(name);
      expect(formatAuthorizedKey(parseAuthorizedKey(line).blob)).toBe(line.trim());
    },
  );

  it("reads the comment that Teleport adds to a CA", () => {
    expect(parseAuthorizedKey(vector("user-ca.pub")).comment).toBe("clustername=bot.test&type=user");
  });

  it.each<[string, string]>([
    ["nothing", ""],
    ["no key", "ssh-ed25519"],
    ["options in front", `no-pty ssh-ed25519 ${base64}`],
    ["two lines", `ssh-ed25519 ${base64}\nssh-ed25519 ${base64}`],
    [
      "base64 without padding",
      `ssh-ed25519 ${Buffer.from(`${"\0".repeat(3)}\x01a`)
        .toString("base64")
        .replace("=", "")}`,
    ],
    ["base64 with loose bits", `a ${Buffer.from("\0\0\0\x01a").toString("base64").replace("E=", "F=")}`],
    ["base64url", `ssh-ed25519 ${base64.replace("/", "_").replace("A", "-")}`],
    ["another type than the blob's", `ssh-rsa ${base64}`],
  ])("refuses %s", (_, line) => {
    expectCode(() => parseAuthorizedKey(line), "ERR_FORMAT_SSH_KEY");
  });

  it.each(["", "two words", "line\nbreak", "ä"])("refuses to write a line for a blob of type %j", (type) => {
    expectCode(() => formatAuthorizedKey(new SshWriter().string(type).bytes()), "ERR_FORMAT_SSH_KEY");
  });

  it("refuses a blob without a type", () => {
    expectCode(() => formatAuthorizedKey(new Uint8Array()), "ERR_FORMAT_SSH_WIRE");
    expectCode(() => parseAuthorizedKey("ssh-rsa AAAA"), "ERR_FORMAT_SSH_WIRE");
  });

  it("never fails otherwise on arbitrary text", () => {
    const line = fc.tuple(fc.string(), fc.base64String(), fc.string()).map((fields) => fields.join(" "));
    fc.assert(
      fc.property(fc.oneof(fc.string(), line), (text) => expectNoCrash(() => parseAuthorizedKey(text))),
    );
  });
});
