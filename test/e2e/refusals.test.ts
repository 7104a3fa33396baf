import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import type { Emulator, Faults } from "@bot-join/emulator";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startTestEmulator } from "../support/emulator.ts";
import { nodePrograms } from "../support/run-bundle.ts";
import { expectFailure, expectSuccess, type Job, type JobOptions, logLines, startJob } from "./job.ts";

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startTestEmulator();
});

afterEach(() => emulator.setFaults({}));

afterAll(() => emulator[Symbol.asyncDispose]());

/** A server that runs for one test, on loopback. */
async function listening(server: Server): Promise<{ address: string } & AsyncDisposable> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `localhost:${port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

for (const node of nodePrograms()) {
  const start = (options: Partial<JobOptions> = {}): Promise<Job> =>
    startJob(emulator, { node: node.path, ...options });

  describe(`inputs on ${node.name}`, () => {
    test("all that is missing or malformed comes in one message, with the nearest spelling", async () => {
      await using job = await start();
      const before = emulator.counters.connections;
      const error = expectFailure(
        job,
        await job.run({
          proxy: "https://example.test/path",
          token: undefined,
          "join-method": "githup",
          "certificate-tll": "1h",
          "certificate-ttl": "soon",
          insecure: "perhaps",
          retries: "0",
          "ca-pin": "sha256:abc",
          "id-token": "x",
          "id-token-file": "y",
        }),
        "ERR_INPUT_INVALID",
        [
          /proxy: "https:\/\/example\.test\/path" cannot be used\. Allowed: host or host:port/,
          "token: missing.",
          /join-method: "githup" cannot be used\. Allowed: .*\bgithub\b.*\. Did you mean github\?/,
          '"certificate-tll": there is no such input. Did you mean certificate-ttl?',
          /certificate-ttl: "soon" cannot be used\. Allowed: a duration/,
          /insecure: "perhaps" cannot be used\. Allowed: true or false/,
          /retries: "0" cannot be used\. Allowed: a whole number from 1 to 20/,
          /ca-pin: "sha256:abc" cannot be used/,
          "id-token, id-token-file: only one of these can be given",
        ],
      );
      expect(error.split("\n").filter((line) => line.startsWith("- ")).length).toBeGreaterThanOrEqual(9);
      expect(emulator.counters.connections).toBe(before);
      expect(job.github.tokenRequests).toEqual([]);
    });

    test("files that are named and are not there, or hold something else", async () => {
      await using job = await start();
      expectFailure(job, await job.run({ "ca-file": "/no/such/ca.pem" }), "ERR_RUN_FILE_INPUT", [
        "/no/such/ca.pem",
        "ca-file",
      ]);
      const notPem = job.writeInput("ca.txt", "hello");
      expectFailure(
        job,
        await job.run({ "ca-file": notPem }),
        "ERR_RUN_FILE_INPUT",
        ["no PEM certificate"],
        ["workspace/ca.txt"],
      );
      expectFailure(
        job,
        await job.run({ "id-token-file": "/no/such/token" }),
        "ERR_IDTOKEN_FILE_UNREADABLE",
        ["/no/such/token"],
        ["workspace/ca.txt"],
      );
      expectFailure(
        job,
        await job.run({ "id-token-command": "/no/such/program --with secret-argument" }),
        "ERR_IDTOKEN_COMMAND_FAILED",
        ["/no/such/program", "was not found"],
        ["workspace/ca.txt"],
      );
      expectFailure(
        job,
        await job.run({ "id-token": "not-a-token" }),
        "ERR_IDTOKEN_MALFORMED",
        ["id-token"],
        ["workspace/ca.txt"],
      );
    });
  });

  describe(`no ID token on ${node.name}`, () => {
    test("the permission is missing", async () => {
      await using job = await start({ tokenEndpoint: "missing" });
      expectFailure(job, await job.run(), "ERR_IDTOKEN_PERMISSION_MISSING", [
        "ACTIONS_ID_TOKEN_REQUEST_URL is not set",
        "permissions:\n        id-token: write",
        ".github/workflows/deploy.yml",
      ]);
    });

    test("a pull request from a fork", async () => {
      await using job = await start({
        tokenEndpoint: "missing",
        claims: { event_name: "pull_request", ref: "refs/pull/7/merge" },
      });
      const event = job.writeInput(
        "event.json",
        JSON.stringify({
          pull_request: {
            number: 7,
            head: { repo: { full_name: "stranger/shop" } },
            base: { repo: { full_name: "acme/shop" } },
          },
        }),
      );
      expectFailure(
        job,
        await job.run({}, { env: { GITHUB_EVENT_PATH: event } }),
        "ERR_IDTOKEN_FORK_PULL_REQUEST",
        ["the fork stranger/shop", "if: github.event.pull_request.head.repo.full_name == github.repository"],
        ["workspace/event.json"],
      );
    });

    test("Dependabot", async () => {
      await using job = await start({ tokenEndpoint: "missing", claims: { actor: "dependabot[bot]" } });
      expectFailure(job, await job.run(), "ERR_IDTOKEN_DEPENDABOT", [
        "if: github.actor != 'dependabot[bot]'",
      ]);
    });

    test("an endpoint that refuses, and one that fails for good after retries", async () => {
      await using refusing = await start({ tokenEndpoint: { kind: "status", status: 403 } });
      expectFailure(refusing, await refusing.run(), "ERR_IDTOKEN_REQUEST_REFUSED", ["HTTP 403"]);
      expect(refusing.github.tokenRequests).toHaveLength(1);
      await using failing = await start({ tokenEndpoint: { kind: "status", status: 503 } });
      expectFailure(failing, await failing.run({ retries: "2" }), "ERR_IDTOKEN_REQUEST_FAILED", [
        "failed 2 times",
        "Try 1 got HTTP 503",
        "Try 2 got HTTP 503",
      ]);
      await using recovering = await start({ tokenEndpoint: { kind: "drop", times: 1 } });
      expectSuccess(await recovering.run());
    });
  });

  describe(`an ID token that will not do on ${node.name}`, () => {
    const now = (): number => Math.floor(Date.now() / 1000);

    test("it has expired, or is of the future: said before anybody is asked", async () => {
      const before = emulator.counters.connections;
      await using expired = await start({ claims: { exp: now() - 600, nbf: now() - 1200 } as object });
      expectFailure(expired, await expired.run(), "ERR_IDTOKEN_EXPIRED", ["GitHub Actions expired 10m"]);
      await using future = await start({ claims: { nbf: now() + 600, iat: now() + 600 } as object });
      expectFailure(future, await future.run(), "ERR_IDTOKEN_NOT_YET_VALID", ["becomes valid only in"]);
      // Connections were opened ahead; nothing was asked on them.
      expect(emulator.counters.connections - before).toBeLessThanOrEqual(4);
    });

    test("another audience was asked for", async () => {
      await using job = await start();
      expectFailure(job, await job.run({ audience: "elsewhere" }), "ERR_JOIN_ID_TOKEN_REFUSED", [
        "audience",
        emulator.proxyAddress,
      ]);
    });

    test("its signature does not verify", async () => {
      await using job = await start({ badToken: { signature: "foreign-key" } });
      expectFailure(job, await job.run(), "ERR_JOIN_ID_TOKEN_REFUSED", ['the token "ghcom"']);
    });

    test("no rule matches its claims: the message shows them, and a token to paste", async () => {
      await using job = await start({ claims: { repository: "acme/other", environment: "prod" } });
      expectFailure(job, await job.run(), "ERR_JOIN_CLAIMS_NOT_ALLOWED", [
        'refused to let this job join with the token "ghcom"',
        'repository: "acme/other"',
        'actor: "octo"',
        "kind: token\nversion: v2\nmetadata:\n  name: ghcom\n",
        "  github:\n    allow:\n    - repository: acme/other\n      environment: prod",
      ]);
    });

    test("a typo in the token's name, and a token of another join method", async () => {
      await using job = await start();
      expectFailure(job, await job.run({ token: "ghcmo" }), "ERR_JOIN_TOKEN_NOT_FOUND", [
        `The cluster at ${emulator.proxyAddress}`,
        'the token "ghcmo"',
        "token expired or not found",
        "tctl tokens ls",
      ]);
      expectFailure(job, await job.run({ "join-method": "token" }), "ERR_JOIN_METHOD_WRONG", [
        "IDToken",
        "set the input join-method",
      ]);
    });
  });

  describe(`an address where no proxy answers on ${node.name}`, () => {
    test("nobody listens; the name does not exist", async () => {
      const closed = await listening(createServer());
      await closed[Symbol.asyncDispose]();
      await using job = await start();
      expectFailure(
        job,
        await job.run({ proxy: closed.address, retries: "2" }),
        "ERR_TRANSPORT_UNREACHABLE",
        [`${closed.address} cannot be reached`, "ECONNREFUSED", "Nothing listens there"],
      );
      expectFailure(job, await job.run({ proxy: "no-such-host.invalid" }), "ERR_TRANSPORT_UNREACHABLE", [
        "no-such-host.invalid:443",
        "ENOTFOUND",
        "check its spelling",
      ]);
    });

    test("a web server without TLS; one that hangs up", async () => {
      await using plain = await listening(createHttpServer((_, response) => void response.end("hello")));
      await using job = await start();
      expectFailure(
        job,
        await job.run({ proxy: plain.address, retries: "1" }),
        "ERR_TRANSPORT_NOT_TELEPORT",
        [plain.address],
      );
      await using silent = await listening(createServer((socket) => socket.destroy()));
      expectFailure(
        job,
        await job.run({ proxy: silent.address, retries: "2" }),
        "ERR_TRANSPORT_CONNECTION_LOST",
        [silent.address, "Earlier tries"],
      );
    });

    test("a certificate from nowhere, for another name, or of yesterday", async () => {
      for (const [webCertificate, text] of [
        ["unknown-ca", /not trusted: .*ca-file/s],
        ["wrong-name", /not trusted: .*Use the name that the certificate was issued for/s],
        ["expired", /not trusted: .*expired/s],
      ] as const) {
        await using strange = await startTestEmulator({ faults: { webCertificate } });
        await using job = await startJob(strange, { node: node.path });
        expectFailure(job, await job.run(), "ERR_TRANSPORT_CERTIFICATE_UNTRUSTED", [
          strange.proxyAddress,
          text,
        ]);
      }
    });
  });

  describe(`answers that are none on ${node.name}`, () => {
    const answers: [name: string, faults: Faults, code: string, texts: (string | RegExp)[]][] = [
      [
        "HTTP 404",
        { web: "not-teleport" },
        "ERR_TRANSPORT_NOT_TELEPORT",
        ["HTTP 404", "not a Teleport proxy"],
      ],
      ["a web page", { web: "html" }, "ERR_JOIN_ANSWER_INVALID", ["bytes that are not JSON"]],
      ["an answer cut in the middle", { join: "truncated" }, "ERR_TRANSPORT_CONNECTION_LOST", ["cut off"]],
      ["no answer", { join: "drop" }, "ERR_TRANSPORT_CONNECTION_LOST", ["before the answer"]],
      ["20 MB", { join: "huge" }, "ERR_TRANSPORT_ANSWER_INVALID", ["longer than 10 MiB"]],
      [
        "members of another type",
        { join: { status: 200, body: '{"ssh":5,"tls":[],"tls_ca_certs":"x"}' } },
        "ERR_JOIN_ANSWER_INVALID",
        ["ssh"],
      ],
      ["an empty object", { join: { status: 200, body: "{}" } }, "ERR_JOIN_ANSWER_INVALID", []],
      ["null", { join: { status: 200, body: "null" } }, "ERR_JOIN_ANSWER_INVALID", []],
      [
        "another status with an error of the server",
        { join: { status: 400, body: '{"error":{"message":"no such thing"}}' } },
        "ERR_JOIN_REFUSED",
        ["no such thing", "HTTP 400"],
      ],
      ["too many requests", { join: { status: 429, body: "{}" } }, "ERR_JOIN_RATE_LIMITED", ["HTTP 429"]],
      [
        "a gateway's error",
        { join: { status: 502, body: "<html>" } },
        "ERR_JOIN_CLUSTER_FAILED",
        ["HTTP 502"],
      ],
      [
        "a certificate for another key",
        { joinContent: "wrong-key" },
        "ERR_JOIN_ANSWER_INVALID",
        ["certificate"],
      ],
      [
        "authorities that did not issue it",
        { joinContent: "wrong-authorities" },
        "ERR_JOIN_ANSWER_INVALID",
        ["no authority in it issued the certificate"],
      ],
      ["a missing certificate", { joinContent: "missing-tls" }, "ERR_JOIN_ANSWER_INVALID", []],
      ["a garbled certificate", { joinContent: "garbage-certificate" }, "ERR_JOIN_ANSWER_INVALID", []],
      [
        "a refusal of the Auth Service",
        { rpc: { code: 7, message: "access denied" } },
        "ERR_JOIN_CERTIFICATES_REFUSED",
        ["access denied"],
      ],
      ["a connection that the Auth Service drops", { rpc: "drop" }, "ERR_TRANSPORT_CONNECTION_LOST", []],
      ["a gRPC answer cut in the middle", { rpc: "truncated" }, /./.source, []],
      ["a load balancer that ends TLS", { stripAlpn: true }, /./.source, []],
    ];

    test.for(answers)("%s", async ([, faults, code, texts]) => {
      emulator.setFaults(faults);
      await using job = await start();
      const result = await job.run({ retries: "2" });
      const shown = /(ERR_[A-Z_]+), explained/.exec(logLines(result).join("\n"))?.[1] ?? "";
      expectFailure(job, result, code === "." ? shown : code, texts);
    });

    test("what passes: a dropped connection, a busy gateway, a lost answer are tried again", async () => {
      for (const faults of [
        { connection: "drop-after-hello", times: 1 },
        { join: { status: 503, body: "" }, times: 1 },
        { join: "truncated", times: 1 },
        { rpc: "drop", times: 1 },
      ] as Faults[]) {
        emulator.setFaults(faults);
        await using job = await start();
        const result = await job.run();
        expectSuccess(result);
        expect(logLines(result).join("\n"), JSON.stringify(faults)).toMatch(/try 1 failed, next in \d+ ms/);
      }
    });
  });
}
