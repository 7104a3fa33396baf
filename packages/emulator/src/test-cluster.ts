import { generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Clock } from "@bot-join/core";
import { encodePublicKey, formatAuthorizedKey } from "@bot-join/formats";
import { type BotResource, parseResources, type Resource } from "@bot-join/resources";
import { expect } from "vitest";
import { type AuthorityKeys, createAuthorityKeys } from "./authority/authority-keys.ts";
import { Cluster, type ClusterOptions } from "./cluster.ts";
import type { EmulatorEvent } from "./events.ts";
import type { OidcIssuer } from "./oidc/issuer.ts";
import { IssuerDirectory } from "./oidc/issuers.ts";
import { createIdTokenVerifier, fetchFromIssuers } from "./oidc/verifier.ts";
import { profiles } from "./profiles/profiles.ts";
import { Refusal, type RefusalClass } from "./refusal.ts";

// A cluster like the measured one, without sockets, for the tests of the handlers.

/** The time of the recorded answers, with a fraction that must be cut off. */
export const startTime: Date = new Date("2026-11-22T04:31:49.983Z");

const githubIssuer = "https://token.actions.githubusercontent.com";

const tokens = `
kind: token
version: v2
metadata: {name: ghcom}
spec: {roles: [Bot], bot_name: robot, join_method: github, github: {allow: [{repository: acme/shop}]}}
---
kind: token
version: v2
metadata: {name: expired, expires: "2026-11-22T04:31:49Z"}
spec: {roles: [Bot], bot_name: robot, join_method: github, github: {allow: [{repository: acme/shop}]}}
---
kind: token
version: v2
metadata: {name: no-such-bot}
spec: {roles: [Bot], bot_name: nobody, join_method: github, github: {allow: [{repository: acme/shop}]}}
---
kind: token
version: v2
metadata: {name: cloud}
spec: {roles: [Bot], bot_name: robot, join_method: iam, allow: [{aws_account: "1"}]}
---
kind: token
version: v2
metadata: {name: 0123456789abcdef0123456789abcdef}
spec: {roles: [Bot], bot_name: robot, join_method: token}
---
kind: token
version: v2
metadata: {name: second-secret-of-the-same-bot}
spec: {roles: [Bot], bot_name: robot, join_method: token}
`;

/** A token of method `token`: its name is the secret. */
export const secretToken: string = "0123456789abcdef0123456789abcdef";

const robot: BotResource = {
  kind: "bot",
  version: "v1",
  name: "robot",
  roles: ["ssh-access", "deploy-only"],
  traits: {},
};

function recordedRoles(): Resource[] {
  const file = new URL("../../../test/vectors/resources/resources-roles.yaml", import.meta.url);
  return parseResources(readFileSync(file, "utf8"), "resources-roles.yaml");
}

/** A cluster for one test and what stands around it. */
export interface TestCluster {
  cluster: Cluster;
  issuer: OidcIssuer;
  events: EmulatorEvent[];
  /** Moves the cluster's clock. */
  advance(ms: number): void;
  now(): Date;
  /** Signs an ID token that lets the bot in; given claims win. */
  idToken(claims?: Record<string, unknown>): Promise<string>;
  /** Joins as a client would, `changes` made to its request; gives the answer's certificates. */
  join(changes?: Record<string, unknown>): Promise<JoinedBot>;
}

/** The certificates of a bot that has joined. */
interface JoinedBot {
  answer: Awaited<ReturnType<Cluster["join"]>>;
  x509: X509Certificate;
}

/** The key that the test client asks certificates for. */
export const clientKey: KeyObject = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;

/** A key as join requests and certificate requests hold it. */
export function keyForms(key: KeyObject): { ssh: Buffer; tls: Buffer } {
  return {
    ssh: Buffer.from(`${formatAuthorizedKey(encodePublicKey(key))}\n`),
    tls: Buffer.from(key.export({ type: "spki", format: "pem" })),
  };
}

// Made once for each test file, since RSA keys take long; a new cluster sets the clock back.
let time = startTime.getTime();
const clock: Clock = { now: () => new Date(time), sleep: () => Promise.resolve() };
const issuers = new IssuerDirectory(clock);
const issuer = issuers.get(githubIssuer);
const keysOf = new Map<string, Promise<Partial<AuthorityKeys>>>();

/** Makes a cluster `bot.test` of one version, like the measured one. */
export async function createTestCluster(
  version: keyof typeof profiles,
  options: Partial<ClusterOptions> = {},
  makesResources = true,
): Promise<TestCluster> {
  const profile = options.profile ?? profiles[version];
  time = startTime.getTime();
  issuer.setReachable(true);
  const events: EmulatorEvent[] = [];
  const authorityKeys = keysOf.get(version) ?? createAuthorityKeys(profile);
  keysOf.set(version, authorityKeys);
  const cluster = new Cluster({
    name: "bot.test",
    profile,
    clock,
    publicAddress: "proxy.bot.test:3443",
    hostName: "node-1",
    proxyHosts: ["proxy.bot.test", "127.0.0.1"],
    verifyIdToken: createIdTokenVerifier({ fetch: fetchFromIssuers(() => issuers.all()), clock }),
    onEvent: (event) => events.push(event),
    authorityKeys: await authorityKeys,
    ...options,
  });
  if (makesResources)
    cluster.addResources([...recordedRoles(), robot, ...parseResources(tokens, "tokens.yaml")]);
  const idToken = (claims: Record<string, unknown> = {}): Promise<string> =>
    issuer.sign({
      aud: "teleport.cluster.local",
      sub: "repo:acme/shop:environment:prod",
      repository: "acme/shop",
      ...claims,
    });
  return {
    cluster,
    issuer,
    events,
    advance: (ms) => {
      time += ms;
    },
    now: () => new Date(time),
    idToken,
    async join(changes = {}) {
      const { ssh, tls } = keyForms(clientKey);
      const request = {
        hostID: "",
        node_name: "",
        role: "Bot",
        token: "ghcom",
        additional_principals: null,
        dns_names: null,
        public_tls_key: tls.toString("base64"),
        public_ssh_key: ssh.toString("base64"),
        remote_addr: "",
        ec2_id: null,
        id_token: await idToken(),
        ...changes,
      };
      const body: unknown = JSON.parse(JSON.stringify(request));
      const answer = await cluster.join(body, "127.0.0.1:42288");
      return { answer, x509: new X509Certificate(answer.tls) };
    },
  };
}

/** Expects a call to be refused with this class and exactly this text. */
export async function expectRefusal(
  call: () => unknown,
  refusalClass: RefusalClass,
  message: string,
): Promise<void> {
  const outcome = await Promise.resolve()
    .then(call)
    .catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(Refusal);
  expect(outcome).toMatchObject({ class: refusalClass, message });
}
