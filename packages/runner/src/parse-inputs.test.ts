import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Inputs } from "./complete-inputs.ts";
import { type DropIn, findDropIn } from "./drop-ins.ts";
import { RunnerError } from "./errors.ts";
import { inputTable } from "./inputs.ts";
import { parseInputs, type RawInputs } from "./parse-inputs.ts";

const needed = { proxy: "example.teleport.sh:443", token: "ci-deploy" };
const methods =
  "github, gitlab, circleci, bitbucket, spacelift, env0, azure_devops, terraform_cloud, kubernetes, gcp, token";
const pin = `sha256:${"0a".repeat(32)}`;

function problemsOf(raw: RawInputs, dropIn?: DropIn): string[] {
  try {
    parseInputs(raw, dropIn);
  } catch (error) {
    expect(error).toBeInstanceOf(RunnerError);
    expect(error).toMatchObject({ code: "ERR_INPUT_INVALID", kind: "user" });
    return (error as RunnerError).details["problems"] as string[];
  }
  return [];
}

describe("defaults", () => {
  it("are filled in", () => {
    const { token, ...inputs } = parseInputs(needed);
    expect(token?.reveal()).toBe("ci-deploy");
    expect(inputs).toEqual({
      proxy: "example.teleport.sh:443",
      joinMethod: undefined,
      outputs: undefined,
      directory: undefined,
      id: "default",
      certificateTtlMs: 3_600_000,
      roles: undefined,
      audience: undefined,
      idToken: undefined,
      idTokenFile: undefined,
      idTokenCommand: undefined,
      idTokenVariables: undefined,
      exportEnv: true,
      expectCluster: undefined,
      expectBot: undefined,
      expectRoles: undefined,
      caFile: undefined,
      caPins: [],
      insecure: false,
      timeoutMs: 60_000,
      retries: 5,
      cleanup: true,
      fips: false,
      debug: false,
      allowReissue: false,
      notices: [],
    });
  });

  it("also stand for empty values, which GitHub passes for inputs that are not given", () => {
    const empty = Object.fromEntries(inputTable.map(({ name }) => [name, " \n"]));
    const { token: _, ...inputs } = parseInputs({ ...empty, ...needed });
    const { token: __, ...expected } = parseInputs(needed);
    expect(inputs).toEqual(expected);
  });
});

describe("values", () => {
  it.each<[string, string, Partial<Inputs>]>([
    ["proxy", " host ", { proxy: "host" }],
    ["proxy", "https://host.example:3080/", { proxy: "https://host.example:3080/" }],
    ["proxy", "[2001:db8::1]:443", { proxy: "[2001:db8::1]:443" }],
    ["join-method", "token", { joinMethod: "token" }],
    ["join-method", "azure_devops", { joinMethod: "azure_devops" }],
    ["id-token-variable", "A_JWT, B_JWT", { idTokenVariables: ["A_JWT", "B_JWT"] }],
    ["outputs", "- type: identity", { outputs: "- type: identity" }],
    ["id", "prod.eu-1_b", { id: "prod.eu-1_b" }],
    ["certificate-ttl", "1h30m", { certificateTtlMs: 5_400_000 }],
    ["roles", "access, editor,\n auditor,", { roles: ["access", "editor", "auditor"] }],
    ["expect-roles", "access", { expectRoles: ["access"] }],
    ["export-env", "false", { exportEnv: false }],
    ["disable-env-vars", "True", { exportEnv: false }],
    ["disable-env-vars", "false", { exportEnv: true }],
    ["insecure", " TRUE ", { insecure: true }],
    ["cleanup", "0", { cleanup: false }],
    ["fips", "1", { fips: true }],
    ["allow-reissue", "tRuE", { allowReissue: true }],
    ["timeout", "90s", { timeoutMs: 90_000 }],
    ["retries", "1", { retries: 1 }],
    ["ca-pin", pin, { caPins: [pin] }],
    [
      "ca-pins",
      `${pin}\n${pin.toUpperCase().replace("SHA256", "sha256")}\n`,
      { caPins: [pin, `sha256:${"0A".repeat(32)}`] },
    ],
    ["ca-pins", `${pin}, ${pin}`, { caPins: [pin, pin] }],
  ])("%s: %j", (name, text, expected) => {
    expect(parseInputs({ ...needed, [name]: text })).toMatchObject(expected);
  });

  it("of secrets stay hidden when the inputs are printed", () => {
    const inputs = parseInputs({ ...needed, "id-token": "eyJhbGciOi.secretive.x" });
    expect(inputs.idToken?.reveal()).toBe("eyJhbGciOi.secretive.x");
    expect(inspect(inputs, { depth: 9, showHidden: true }) + JSON.stringify(inputs)).not.toMatch(
      /secretive|ci-deploy/,
    );
  });
});

describe("a value that cannot be used", () => {
  it.each([
    ["proxy", "example.com/web", '"example.com/web" cannot be used. Allowed: host or host:port'],
    ["proxy", "two hosts", "cannot be used"],
    ["proxy", "host:0", "cannot be used"],
    ["proxy", "host:65536", "cannot be used"],
    ["proxy", "::1", "cannot be used"],
    ["join-method", "guthub", `"guthub" cannot be used. Allowed: ${methods}. Did you mean github?`],
    ["join-method", "azure-devops", "Did you mean azure_devops?"],
    ["join-method", "kerberos", `"kerberos" cannot be used. Allowed: ${methods}.`],
    ["id", "../x", "1 to 64 letters"],
    ["id", "-x", "1 to 64 letters"],
    ["id", "x".repeat(65), "1 to 64 letters"],
    ["certificate-ttl", "1 hour", '"1 hour" cannot be used. Allowed: a duration above zero'],
    ["certificate-ttl", "60", "such as 90s"],
    ["certificate-ttl", "0s", "above zero"],
    ["timeout", "-5s", "above zero"],
    ["retries", "0", "a whole number from 1 to 20"],
    ["retries", "2.5", "a whole number from 1 to 20"],
    ["retries", "21", "a whole number from 1 to 20"],
    ["export-env", "yes", '"yes" cannot be used. Allowed: true or false (also 1 or 0)'],
    ["insecure", "constructor", '"constructor" cannot be used'],
    ["roles", " , ,", "names separated by commas"],
    ["ca-pin", "sha1:00", "64 hex digits"],
    ["ca-pins", `${pin},sha256:zz`, "64 hex digits"],
    ["insecure", "a\n::error::b", '"a\\n::error::b" cannot be used'],
    ["timeout", "x".repeat(300), `"${"x".repeat(100)}…" cannot be used`],
  ])("%s: %j", (name, text, expected) => {
    const problems = problemsOf({ ...needed, [name]: text });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${name}: `);
    expect(problems[0]).toContain(expected);
  });
});

describe("names", () => {
  it.each([
    ["certficate-ttl", "certificate-ttl"],
    ["certificate_ttl", "certificate-ttl"],
    ["export-envs", "export-env"],
    ["ca-pinz", "ca-pin"],
    ["role", "roles"],
  ])("%s is taken for a misspelling of %s", (name, meant) => {
    expect(problemsOf({ ...needed, [name]: "x" })).toEqual([
      `"${name}": there is no such input. Did you mean ${meant}?`,
    ]);
  });

  it("that resemble nothing are mentioned and ignored, since they may be variables of the workflow", () => {
    expect(parseInputs({ ...needed, environment: "prod" }).notices).toEqual([
      '"environment" is no input of bot-join and was ignored.',
    ]);
  });

  it("do not show the value", () => {
    expect(problemsOf({ ...needed, tokn: "s3cret" }).join()).not.toContain("s3cret");
    expect(parseInputs({ ...needed, environment: "s3cret" }).notices.join()).not.toContain("s3cret");
  });

  it("and their aliases are one input", () => {
    expect(problemsOf({ ...needed, "ca-pin": pin, "ca-pins": pin })).toEqual([
      "ca-pins: given twice, as ca-pin and as ca-pins",
    ]);
  });

  it.each(["true", "false", "on", "1"])(
    "anonymous-telemetry is accepted as %s, and said to do nothing",
    (text) => {
      expect(parseInputs({ ...needed, "anonymous-telemetry": text }).notices).toEqual([
        "The input anonymous-telemetry has no effect: bot-join sends no telemetry.",
      ]);
    },
  );
});

describe("relations", () => {
  it.each([
    [{ "id-token": "a", "id-token-file": "b" }, "id-token, id-token-file: only one"],
    [
      { "id-token": "a", "id-token-file": "b", "id-token-command": "c" },
      "id-token, id-token-file, id-token-command: only one",
    ],
    [{ "id-token-file": "b", "id-token-variable": "c" }, "id-token-file, id-token-variable: only one"],
    [{ insecure: "true", "ca-file": "x.pem" }, "insecure, ca-file: only one"],
    [{ insecure: "true", "ca-pins": pin }, "insecure, ca-pin: only one"],
    [{ "export-env": "true", "disable-env-vars": "true" }, "export-env, disable-env-vars: only one"],
  ])("refuses %j", (raw, text) => {
    expect(problemsOf({ ...needed, ...raw })).toEqual([expect.stringContaining(text)]);
  });

  it.each([
    { insecure: "false", "ca-file": "x.pem" },
    { "export-env": "false", "disable-env-vars": "true" },
    { "ca-file": "x.pem", "ca-pin": pin },
  ])("takes %j", (raw) => {
    expect(problemsOf({ ...needed, ...raw })).toEqual([]);
  });
});

it("a malformed value is one problem, not also a missing or contradictory input", () => {
  expect(problemsOf({ token: "t", proxy: "two hosts", insecure: "maybe", "ca-file": "x" })).toEqual([
    expect.stringMatching(/^proxy: "two hosts" cannot be used/),
    expect.stringMatching(/^insecure: "maybe" cannot be used/),
  ]);
});

describe("the inputs of a drop-in action", () => {
  const kubernetes = findDropIn("auth-k8s");

  it.each<[string, RawInputs, object]>([
    ["auth-k8s", { "kubernetes-cluster": " prod " }, { type: "kubernetes", kubernetes_cluster: "prod" }],
    ["auth-application", { app: "grafana" }, { type: "application", app_name: "grafana" }],
    [
      "database",
      { service: "orders", username: "ci", database: "shop", format: "mongo" },
      { type: "database", service: "orders", username: "ci", database: "shop", format: "mongo" },
    ],
    ["database", { service: "orders", username: "" }, { type: "database", service: "orders" }],
  ])("make the output of %s: %j", (name, own, output) => {
    const { outputs, notices } = parseInputs({ ...needed, ...own }, findDropIn(name));
    expect(JSON.parse(outputs ?? "")).toEqual([output]);
    expect(notices).toEqual([]);
  });

  it("are checked with all others", () => {
    const given = { token: "t", format: "mogno", timeout: "soon" };
    expect(problemsOf(given, findDropIn("database"))).toEqual([
      expect.stringMatching(/^timeout: "soon" cannot be used/),
      "service: missing. Name of the database, as the Teleport cluster knows it.",
      'format: "mogno" cannot be used. Allowed: tls, mongo, cockroach. Did you mean mongo?',
      expect.stringMatching(/^proxy: missing/),
    ]);
  });

  it("stand above outputs of the job's variables", () => {
    const outputs = "- type: identity";
    expect(parseInputs({ ...needed, outputs, "kubernetes-cluster": "a" }, kubernetes).outputs).toBe(
      '[{"type":"kubernetes","kubernetes_cluster":"a"}]',
    );
  });

  it("belong to that action alone", () => {
    expect(() => findDropIn("auth-k9s")).toThrow(TypeError);
    expect(parseInputs({ ...needed, "kubernetes-cluster": "prod" }).notices).toHaveLength(1);
  });
});

describe("the error", () => {
  it("lists everything at once", () => {
    const raw = {
      "join-method": "tokne",
      "certificate-ttl": "soon",
      insecure: "true",
      "ca-file": "x",
      timeuot: "1s",
    };
    expect(() => parseInputs(raw)).toThrow(
      [
        "6 inputs cannot be used, and nothing was sent yet:",
        `- join-method: "tokne" cannot be used. Allowed: ${methods}. Did you mean token?`,
        '- certificate-ttl: "soon" cannot be used. Allowed: a duration above zero with its unit, such as 90s, 30m or 1h30m.',
        '- "timeuot": there is no such input. Did you mean timeout?',
        "- proxy: missing. Address of the cluster's proxy, host:port. Without a port, 443 is taken.",
        "- token: missing. Name of the join token (a resource of kind token) that lets this job in.",
        "- insecure, ca-file: only one of these can be given, since insecure switches off the check that ca-file is for",
      ].join("\n"),
    );
  });

  it("are not there when a data directory may stand in for the token", () => {
    const { token, dataDirectory } = parseInputs({ proxy: "example.teleport.sh", "data-dir": "/var/bot" });
    expect([token, dataDirectory]).toEqual([undefined, "/var/bot"]);
  });

  it("never shows a secret, wherever it was pasted", () => {
    const jwt = `eyJhbGciOiJSUzI1NiJ9.${"c2VjcmV0".repeat(20)}.sig`;
    const raw = {
      token: "hush-hush",
      "join-method": "token",
      "id-token": jwt,
      timeout: jwt,
      proxy: `https://${jwt}/x`,
      [jwt]: jwt,
    };
    try {
      parseInputs(raw);
      expect.unreachable();
    } catch (error) {
      expect(inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error)).not.toMatch(
        /hush-hush|c2VjcmV0/,
      );
    }
  });

  it("is the only one for any texts", () => {
    const names = fc.oneof(fc.constantFrom(...inputTable.map(({ name }) => name)), fc.string());
    fc.assert(
      fc.property(fc.dictionary(names, fc.string()), (raw) => {
        for (const problem of problemsOf({ ...raw })) expect(problem).not.toMatch(/[\r\n]/);
      }),
    );
  });
});
