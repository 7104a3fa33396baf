import { describe, expect, it } from "vitest";
import { parseAuthorizedKey } from "./authorized-key.ts";
import { certAuthorityLine } from "./known-hosts.ts";
import { parseOpenSshCertificate } from "./openssh-certificate.ts";
import { encodePublicKey } from "./openssh-public-key.ts";
import { expectCode, keyPairs, keyTypes, runOracle, TestFolder, vector } from "./testing/oracles.ts";

const hostCa = parseOpenSshCertificate(vector("ssh-host-cert.pub")).signatureKey;

describe("known_hosts lines", () => {
  it("writes the line that tbot wrote for the same CA", () => {
    const line = certAuthorityLine(["proxy.bot.test", "bot.test", "*.bot.test"], hostCa);
    expect(`${line}\n`).toBe(vector("known_hosts"));
  });

  it.for(keyTypes)("writes a %s line that ssh-keygen finds for a host of the cluster", (type, context) => {
    const line = certAuthorityLine(["bot.test", "*.bot.test"], encodePublicKey(keyPairs[type].publicKey));
    const file = new TestFolder().write("known_hosts", `${line}\n`);
    const found = runOracle(context, "ssh-keygen", ["-F", "web-1.bot.test", "-f", file]);
    expect(found).toBe(`# Host web-1.bot.test found: line 1 CA\n${line}\n`);
  });

  it("takes a pattern for every host, an IPv6 address and a port", () => {
    const line = certAuthorityLine(["*", "::1", "[proxy.bot.test]:3023"], hostCa);
    expect(line.split(" ")[1]).toBe("*,::1,[proxy.bot.test]:3023");
  });

  it.each<[string, string[]]>([
    ["no pattern", []],
    ["an empty pattern", [""]],
    ["a space", ["a b"]],
    ["a comma", ["a,b"]],
    ["a line break", ["a", "b\n@cert-authority"]],
    ["a control character", ["a\x7f"]],
    ["other than ASCII", ["clüster"]],
  ])("refuses %s", (_, patterns) => {
    expectCode(() => certAuthorityLine(patterns, hostCa), "ERR_FORMAT_KNOWN_HOSTS_PATTERN");
  });

  it("refuses a certificate and a damaged key as the CA", () => {
    const certificate = parseAuthorizedKey(vector("ssh-host-cert.pub")).blob;
    expectCode(() => certAuthorityLine(["a"], certificate), "ERR_FORMAT_SSH_KEY");
    expectCode(() => certAuthorityLine(["a"], hostCa.subarray(0, -1)), "ERR_FORMAT_SSH_WIRE");
  });
});
