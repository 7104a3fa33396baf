import { describe, expect, it } from "vitest";
import { readAzureInputs, readGitHubInputs, readShellInputs } from "./raw-inputs.ts";

const exported = {
  TELEPORT_PROXY: "earlier:443",
  TELEPORT_AUTH_SERVER: "earlier:443",
  BOT_JOIN_PROD_PROXY: "prod:443",
  BOT_JOIN_PROD_IDENTITY_FILE: "/x/identity",
  BOT_JOIN_PROD_SSH_CONFIG: "/x/ssh_config",
  BOT_JOIN_PROD_KUBECONFIG: "/x/kubeconfig.yaml",
};

describe("readGitHubInputs", () => {
  it.each([
    [
      { "INPUT_CERTIFICATE-TTL": "2h", INPUT_PROXY: " a " },
      { "certificate-ttl": "2h", proxy: " a " },
    ],
    [{ INPUT_PROXY: "", INPUT_TOKEN: " " }, {}],
    [{ INPUT_TYPO: "x" }, { typo: "x" }],
    [{ "INPUT_DATA-DIR": "/x", BOT_JOIN_DATA_DIR: "/x" }, {}],
    [{ BOT_JOIN_CERTIFICATE_TTL: "2h" }, { "certificate-ttl": "2h" }],
    [{ INPUT_PROXY: "upper", BOT_JOIN_PROXY: "lower" }, { proxy: "upper" }],
    [{ INPUT_PROXY: " ", BOT_JOIN_PROXY: "lower" }, { proxy: "lower" }],
    [{ "INPUT_CA-PINS": "upper", BOT_JOIN_CA_PIN: "lower" }, { "ca-pins": "upper" }],
    [{ BOT_JOIN_CERTIFICATE_TLL: "x", BOT_JOIN_REQUIRE_TOOLS: "1" }, { "certificate-tll": "x" }],
    [{ ...exported, INPUT_PROXY: "mine" }, { proxy: "mine" }],
    [exported, {}],
    [{ TELEPORT_BOT_TOKEN: "x", PATH: "/bin" }, {}],
  ])("collects %j", (environment, expected) => {
    expect(readGitHubInputs(environment)).toEqual(expected);
  });
});

describe("readShellInputs", () => {
  it.each([
    [{}, { proxy: "flag" }, { proxy: "flag" }],
    [{ BOT_JOIN_PROXY: "variable" }, { proxy: "flag" }, { proxy: "flag" }],
    [{ BOT_JOIN_PROXY: "variable", TELEPORT_PROXY: "tbot" }, {}, { proxy: "variable" }],
    [{ TELEPORT_PROXY: "tbot", TELEPORT_BOT_TOKEN: "t" }, {}, { proxy: "tbot", token: "t" }],
    [{ TELEPORT_AUTH_SERVER: "proxy:443" }, {}, { proxy: "proxy:443" }],
    [{ TELEPORT_AUTH_SERVER: "a", TELEPORT_PROXY: "b" }, {}, { proxy: "b" }],
    [{ TBOT_CONFIG_PATH: "a.yaml", TBOT_DEBUG: "true" }, {}, { config: "a.yaml", debug: "true" }],
    [{ TBOT_CONFIG: "dg==", BOT_JOIN_CONFIG: "a.yaml" }, {}, { config: "a.yaml" }],
    [{ TBOT_CONFIG_PATH: "a.yaml" }, { "config-string": "dg==" }, { "config-string": "dg==" }],
    [{ BOT_JOIN_ID_TOKEN: "x" }, { "id-token-file": "y" }, { "id-token-file": "y" }],
    [{ INPUT_PROXY: "github" }, {}, {}],
    [{ BOT_JOIN_DISABLE_ENV_VARS: "true", BOT_JOIN_ANONYMOUS_TELEMETRY: "1" }, {}, {}],
  ])("collects %j and the flags %j", (environment, flags, expected) => {
    expect(readShellInputs(environment, flags)).toEqual(expected);
  });
});

describe("a file below the inputs", () => {
  const file = { proxy: "file", token: "file", "ca-pin": "file", "id-token-variable": "FILE" };
  const given = { "INPUT_CA-PINS": "mine", INPUT_PROXY: "mine", BOT_JOIN_ID_TOKEN: "mine" };
  const exported = {
    TELEPORT_PROXY: "earlier",
    TELEPORT_AUTH_SERVER: "earlier",
    TELEPORT_BOT_TOKEN: "earlier",
  };

  it.each([
    ["GitHub", (): object => readGitHubInputs({ ...given, ...exported }, () => file)],
    [
      "a shell",
      (): object =>
        readShellInputs(
          { ...exported, BOT_JOIN_ID_TOKEN: "mine" },
          { proxy: "mine", "ca-pins": "mine" },
          () => file,
        ),
    ],
  ])("on %s lies above the variables of other programs", (_name, read) => {
    expect(read()).toEqual({ proxy: "mine", token: "file", "ca-pins": "mine", "id-token": "mine" });
  });

  it("on Azure DevOps does so, too", () => {
    expect(readAzureInputs({ INPUT_PROXY: "mine" }, () => file)).toEqual({ ...file, proxy: "mine" });
  });

  it("is told what the user has given, and nothing else", () => {
    const seen: object[] = [];
    readShellInputs({ ...exported, BOT_JOIN_ID: "x" }, { timeout: "5s" }, (inputs) => {
      seen.push(inputs);
      return {};
    });
    expect(seen).toEqual([{ id: "x", timeout: "5s" }]);
  });
});
