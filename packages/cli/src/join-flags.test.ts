import { BotJoinError } from "@bot-join/core";
import { describe, expect, test } from "vitest";
import { BotJoinCommand } from "./bot-join-command.ts";
import { idleNotices, type JoinFlags, readJoinFlags } from "./join-flags.ts";
import { addJoinOptions } from "./join-options.ts";
import { normalizeArguments } from "./tbot-arguments.ts";
import { tbotFlags } from "./tbot-flags.ts";
import { tbotForms } from "./tbot-outputs.ts";

/** Reads a command line of `start`, as the program does it. */
function read(...args: string[]): JoinFlags {
  const program = new BotJoinCommand("bot-join").exitOverride();
  const command = program.command("start").argument("[form]").exitOverride();
  addJoinOptions(command);
  let flags: JoinFlags | undefined;
  command.action((form: string | undefined) => {
    flags = readJoinFlags(command, form);
  });
  program.parse(normalizeArguments(args), { from: "user" });
  if (flags === undefined) throw new Error("start was not run");
  return flags;
}

function refusal(...args: string[]): string {
  try {
    read(...args);
  } catch (error) {
    expect(error).toBeInstanceOf(BotJoinError);
    expect(error).toMatchObject({ code: "ERR_CLI_FLAG", kind: "user" });
    return `${(error as BotJoinError).message} ${(error as BotJoinError).hint}`;
  }
  return "nothing was refused";
}

/** What becomes of a flag: inputs, keys of the output, a notice that it has no effect, or why it is refused. */
interface Effect {
  inputs?: Record<string, string>;
  output?: Record<string, unknown>;
  notice?: RegExp;
  refused?: RegExp;
  oneshot?: boolean;
  format?: "json";
}

const database = ["database", "--service=orders", "--username=ci", "--database=shop"];
const orders = { type: "database", service: "orders", username: "ci", database: "shop" };

/** Every flag of outputs.md section 10.1 to 10.3, and its opposite where it has one. */
const rows: [args: string[], effect: Effect][] = [
  // 10.1
  [["-d"], { inputs: { debug: "true" } }],
  [["--debug"], { inputs: { debug: "true" } }],
  [["--no-debug"], { inputs: { debug: "false" } }],
  [["-c", "tbot.yaml"], { inputs: { config: "tbot.yaml" } }],
  [["--config=tbot.yaml"], { inputs: { config: "tbot.yaml" } }],
  [["--config-string=dg=="], { inputs: { "config-string": "dg==" } }],
  [["--fips"], { inputs: { fips: "true" } }],
  [["--no-fips"], { inputs: { fips: "false" } }],
  [["--insecure"], { inputs: { insecure: "true" } }],
  [["--no-insecure"], { inputs: { insecure: "false" } }],
  [["--log-format=json"], { notice: /^--log-format has no effect: the log is text/ }],
  [["--trace"], { notice: /^--trace has no effect: bot-join sends no traces/ }],
  [["--no-trace"], { notice: /^--trace has no effect/ }],
  [["--trace-exporter=grpc://x"], { notice: /^--trace-exporter has no effect/ }],
  // 10.2
  [["-a", "auth:443"], { inputs: { proxy: "auth:443" } }],
  [["--auth-server=auth:443"], { inputs: { proxy: "auth:443" } }],
  [["--proxy-server=proxy:443"], { inputs: { proxy: "proxy:443" } }],
  [["--proxy-server=a", "--auth-server=b"], { refused: /--auth-server: the same as --proxy/ }],
  [["--token=ci"], { inputs: { token: "ci" } }],
  [["--ca-pin=sha256:aa", "--ca-pin=sha256:bb"], { inputs: { "ca-pin": "sha256:aa,sha256:bb" } }],
  [["--data-dir=/data"], { inputs: { "data-dir": "/data" } }],
  [["--destination-dir=/out"], { inputs: { directory: "/out" } }],
  [["--certificate-ttl=1h"], { inputs: { "certificate-ttl": "1h" } }],
  [["--renewal-interval=20m"], { notice: /^--renewal-interval has no effect: a one-shot run renews once/ }],
  [["--join-method=github"], { inputs: { "join-method": "github" } }],
  [["--oneshot"], { oneshot: true }],
  [["--oneshot=false"], { oneshot: false }],
  [["--no-oneshot"], { oneshot: false }],
  [["--diag-addr=127.0.0.1:3000"], { notice: /^--diag-addr has no effect: a one-shot join serves nothing/ }],
  [["--pid-file=/run/x"], { notice: /^--pid-file has no effect/ }],
  [["--scoped"], { refused: /^--scoped cannot be used: joins into a scope are not possible/ }],
  [["--no-scoped"], {}],
  // 10.3, shared
  [["--storage=memory://"], { inputs: { "data-dir": "memory://" } }],
  [["--join-uri=tbot+proxy://x"], { refused: /^--join-uri cannot be used: give --proxy-server/ }],
  [
    ["--registration-secret=x"],
    { refused: /^--registration-secret cannot be used: the join method bound_keypair/ },
  ],
  [["--registration-secret-path=x"], { refused: /bound_keypair/ }],
  [["--static-key-path=x"], { refused: /bound_keypair/ }],
  [["--destination=/out"], { inputs: { directory: "/out" } }],
  [["--destination=memory://"], { inputs: { directory: "memory://" }, output: { type: "identity" } }],
  [
    ["--reader-user=alice"],
    { refused: /^--reader-user cannot be used: bot-join sets no access control lists/ },
  ],
  [["--reader-group=ops"], { refused: /^--reader-group cannot be used/ }],
  // 10.3, forms
  [["legacy", "--destination-dir=/out"], { inputs: { directory: "/out" } }],
  [["identity"], { output: { type: "identity" } }],
  [["ssh"], { output: { type: "identity" } }],
  [["id"], { output: { type: "identity" } }],
  [["identity", "--cluster=leaf"], { output: { type: "identity", cluster: "leaf" } }],
  [["--cluster=leaf"], { output: { type: "identity", cluster: "leaf" } }],
  [["--allow-reissue"], { inputs: { "allow-reissue": "true" } }],
  [
    ["identity", "--no-allow-reissue"],
    { inputs: { "allow-reissue": "false" }, output: { type: "identity" } },
  ],
  [["application", "--app=x"], { output: { type: "application", app_name: "x" } }],
  [
    ["application", "--app=x", "--specific-tls-extensions"],
    { output: { type: "application", app_name: "x", specific_tls_naming: true } },
  ],
  [
    ["application", "--app=x", "--no-specific-tls-extensions"],
    { output: { type: "application", app_name: "x", specific_tls_naming: false } },
  ],
  [
    ["application"],
    { refused: /^--app is missing: name of the application\. The form application needs it/ },
  ],
  [database, { output: orders }],
  [[...database, "--format=mongo"], { output: { ...orders, format: "mongo" } }],
  [[...database, "--format=tls", "--format=json"], { output: { ...orders, format: "tls" }, format: "json" }],
  [
    [...database, "--format=mogno"],
    { refused: /^--format mogno: there is no such format\. Did you mean mongo\?/ },
  ],
  [["database", "--service=orders"], { refused: /^--username is missing/ }],
  [["kubernetes", "--kubernetes-cluster=k"], { output: { type: "kubernetes", kubernetes_cluster: "k" } }],
  [
    ["kubernetes", "--kubernetes-cluster=k", "--disable-exec-plugin"],
    { output: { type: "kubernetes", kubernetes_cluster: "k", disable_exec_plugin: true } },
  ],
  [["kubernetes"], { refused: /^--kubernetes-cluster is missing/ }],
  [
    ["kubernetes/v2", "--name-selector=a", "--name-selector=b", "--label-selector=env=prod,tier=1"],
    {
      output: {
        type: "kubernetes/v2",
        selectors: [{ name: "a" }, { name: "b" }, { labels: { env: "prod", tier: "1" } }],
      },
    },
  ],
  [
    ["workload-identity-x509", "--name-selector=web", "--no-include-federated-trust-bundles"],
    { output: { type: "workload-identity-x509", selector: { name: "web" } } },
  ],
  [
    ["workload-identity-x509", "--name-selector=web", "--include-federated-trust-bundles"],
    { refused: /^--include-federated-trust-bundles cannot be used/ },
  ],
  [
    ["workload-identity-jwt", "--label-selector=env=dev,env=prod", "--audience=vault", "--audience=db"],
    {
      output: {
        type: "workload-identity-jwt",
        selector: { labels: { env: ["dev", "prod"] } },
        audiences: ["vault", "db"],
      },
    },
  ],
  [
    ["application-tunnel"],
    { refused: /start application-tunnel: this is not possible: a tunnel is a service/ },
  ],
  [["application-proxy"], { refused: /a proxy is a service that runs on/ }],
  [["database-tunnel"], { refused: /a tunnel is a service that runs on/ }],
  [["ssh-multiplexer"], { refused: /a multiplexer is a service that runs on/ }],
  [["spiffe-svid"], { refused: /Teleport has replaced it by workload identities/ }],
  [["workload-identity-api"], { refused: /a SPIFFE socket is a service/ }],
  [["workload-identity-aws-roles-anywhere"], { refused: /it renews AWS credentials as a service/ }],
  [["noop"], { refused: /it writes nothing/ }],
  [["identiy"], { refused: /there is no such output\. Did you mean identity\?/ }],
];

describe("every flag of tbot start (outputs.md section 10)", () => {
  test.each(rows)("start %j", (args, effect) => {
    if (effect.refused !== undefined) {
      expect(refusal("start", ...args)).toMatch(effect.refused);
      return;
    }
    const flags = read("start", ...args);
    expect({ ...flags, idle: idleNotices(flags) }).toEqual({
      inputs: effect.inputs ?? {},
      output: effect.output,
      destination: effect.inputs?.["directory"],
      oneshot: effect.oneshot,
      format: effect.format ?? "text",
      idle: effect.notice === undefined ? [] : [expect.stringMatching(effect.notice)],
    });
  });

  test("the table has them all", () => {
    const tried = rows.flatMap(([args]) => args.map((arg) => arg.replace(/=.*/, "")));
    for (const { name } of [...tbotFlags, ...tbotForms.flatMap(({ flags }) => flags)])
      expect(tried).toContain(`--${name}`);
    for (const { name, aliases } of tbotForms)
      for (const form of [name, ...aliases]) expect(tried).toContain(form);
  });
});

describe("flags that do not go together", () => {
  test.each([
    [
      ["identity", "--app=x"],
      /^--app does not belong to an output of type identity\. It is a flag of `start application`/,
    ],
    [["--name-selector=x"], /^--name-selector does not belong to an output of type identity/],
    [["application", "--app=x", "--allow-reissue"], /^--allow-reissue belongs to an output of type identity/],
    [["application", "--app=x", "--outputs=[]"], /^--outputs: the form application has an output already/],
    [["--format=tls"], /^--format tls: there is no such format\. It is one of text, json/],
  ])("%j", (args, message) => {
    expect(refusal("start", ...args)).toMatch(message);
  });
});

describe("where tbot takes flags", () => {
  test("global ones before the command", () => {
    const { inputs, output } = read("-d", "-c", "a.yaml", "--no-fips", "--log-format=json", "start", "ssh");
    expect(inputs).toEqual({ debug: "true", config: "a.yaml", fips: "false" });
    expect(output).toEqual({ type: "identity" });
  });

  test.each([["--insecure"], ["--oneshot"], ["-d"]])("%s takes no form for its value", (flag) => {
    expect(read("start", flag, "identity").output).toEqual({ type: "identity" });
  });

  test("a switch has its value beside it, too", () => {
    expect(read("start", "--insecure", "false", "ssh").inputs).toEqual({ insecure: "false" });
  });

  test.each([[["tokens", "check", "--debug", "x"]], [["-d"]], [["--version"]]])(
    "other commands stay as they are: %j",
    (args) => {
      expect(normalizeArguments(args)).toEqual(args);
    },
  );
});
