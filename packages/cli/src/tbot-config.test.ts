import { describe, expect, test } from "vitest";
import type { JoinFlags } from "./join-flags.ts";
import { tbotConfig } from "./tbot-config.ts";

function flags(inputs: Record<string, string>, more: Partial<JoinFlags> = {}): JoinFlags {
  return {
    inputs,
    output: undefined,
    destination: "/out",
    oneshot: undefined,
    format: "text",
    idle: new Map(),
    ...more,
  };
}

describe("the tbot.yaml of flags (outputs.md section 9.4)", () => {
  test("has its keys in tbot's order", () => {
    const config = tbotConfig(
      flags(
        {
          proxy: "proxy:443",
          token: "ci",
          "join-method": "github",
          "ca-pin": "sha256:aa,sha256:bb",
          "data-dir": "file:///data",
          insecure: "true",
          roles: "a, b",
        },
        {
          idle: new Map([["diag-addr", "127.0.0.1:3000"]]),
          output: { type: "application", app_name: "grafana" },
        },
      ),
    );
    expect(config).toEqual({
      version: "v2",
      onboarding: { token: "ci", ca_pins: ["sha256:aa", "sha256:bb"], join_method: "github" },
      storage: { type: "directory", path: "/data" },
      outputs: [
        {
          type: "application",
          destination: { type: "directory", path: "/out" },
          roles: ["a", "b"],
          app_name: "grafana",
        },
      ],
      debug: false,
      proxy_server: "proxy:443",
      certificate_ttl: "1h0m0s",
      renewal_interval: "20m0s",
      oneshot: true,
      fips: false,
      diag_addr: "127.0.0.1:3000",
      insecure: true,
    });
    expect(Object.keys(config)).toEqual([
      "version",
      "onboarding",
      "storage",
      "outputs",
      "debug",
      "proxy_server",
      "certificate_ttl",
      "renewal_interval",
      "oneshot",
      "fips",
      "diag_addr",
      "insecure",
    ]);
  });

  test.each([
    ["30m", "30m0s"],
    ["90s", "1m30s"],
    ["1h", "1h0m0s"],
    ["1.5s", "1.5s"],
    ["45s", "45s"],
    ["26h", "26h0m0s"],
  ])("writes the duration %s as %s", (given, written) => {
    expect(tbotConfig(flags({ "certificate-ttl": given }))["certificate_ttl"]).toBe(written);
  });

  test.each([
    [flags({ "certificate-ttl": "soon" }), /^--certificate-ttl soon: this is no duration/],
    [
      flags({}, { idle: new Map([["renewal-interval", "0s"]]) }),
      /^--renewal-interval 0s: this is no duration/,
    ],
    [flags({}, { destination: undefined }), /needs to say where the files go/],
    [flags({ timeout: "5s" }), /^--timeout has no place in a tbot\.yaml/],
  ])("refuses what has no place in it", (given, message) => {
    expect(() => tbotConfig(given)).toThrow(message);
  });
});
