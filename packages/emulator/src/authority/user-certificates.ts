import { type KeyObject, randomUUID } from "node:crypto";
import { encodePublicKey, signOpenSshCertificate, type TeleportAttributeName } from "@bot-join/formats";
import { expandRoleLogins, expandTraits, type RoleResource, type ValueLists } from "@bot-join/resources";
import { buildCertificate } from "../x509/build.ts";
import { teleportSubject } from "../x509/teleport-subject.ts";
import type { SshAuthority } from "./authority.ts";
import { goJson, traitsJson } from "./go-json.ts";

const skewMs = 60_000;
const minSshLifetimeMs = 60_000;

/** What the pair of certificates of one user says (user-certs.md sections 3.1 and 3.2). */
export interface UserCertificateOptions {
  username: string;
  roles: readonly RoleResource[];
  traits: Readonly<ValueLists>;
  /** Whether the SSH certificate holds Teleport's own extensions; false for the format `oldssh`. */
  teleportExtensions: boolean;
  routeToCluster: string;
  now: Date;
  /** Fractions of a second are cut off. */
  notAfter: Date;
  /** A key that is absent yields no certificate. */
  sshKey: KeyObject | undefined;
  tlsKey: KeyObject | undefined;
  clusterName: string;
  impersonator?: string;
  disallowReissue?: boolean;
  renewable?: boolean;
  generation?: number;
  botName?: string;
  botInstanceId?: string;
  loginIp?: string;
  /** What the X.509 certificate is restricted to, such as `usage:kube`; default: nothing. */
  usage?: readonly string[];
  /** Attributes of the X.509 certificate alone: routes to databases and the like. */
  attributes?: Partial<Record<TeleportAttributeName, readonly string[]>>;
}

/** The certificates of one user: an authorized_keys line with newline, and PEM. */
export interface UserCertificates {
  ssh: string | undefined;
  tls: string | undefined;
}

/** Signs the SSH and the X.509 certificate of a user with the same contents. */
export function issueUserCertificates(
  authority: SshAuthority,
  options: UserCertificateOptions,
): UserCertificates {
  const logins = userLogins(options);
  return {
    ssh: options.sshKey && `${issueSsh(authority, options, logins, options.sshKey)}\n`,
    tls: options.tlsKey && issueTls(authority, options, logins, options.tlsKey),
  };
}

function userLogins({ roles, traits }: UserCertificateOptions): string[] {
  const own = expandRoleLogins(roles, traits);
  // A certificate without principals would be good for every login, so one that nobody has stands in.
  return [...(own.length > 0 ? own : [`-teleport-nologin-${randomUUID()}`]), "-teleport-internal-join"];
}

function issueSsh(
  authority: SshAuthority,
  options: UserCertificateOptions,
  logins: string[],
  key: KeyObject,
): string {
  const seconds = (date: Date): bigint => BigInt(Math.floor(date.getTime() / 1000));
  const shortest = new Date(options.now.getTime() + minSshLifetimeMs);
  return signOpenSshCertificate(
    {
      publicKey: encodePublicKey(key),
      serial: 0n,
      kind: "user",
      keyId: options.username,
      principals: logins,
      validAfter: seconds(new Date(options.now.getTime() - skewMs)),
      validBefore: seconds(options.notAfter < shortest ? shortest : options.notAfter),
      criticalOptions: {},
      extensions: sshExtensions(options),
    },
    authority.sshPrivateKey,
  );
}

function sshExtensions(options: UserCertificateOptions): Record<string, string> {
  const { roles } = options;
  const flag = (name: string, set: boolean): [string, string][] => (set ? [[name, ""]] : []);
  const given = (name: string, value: string | number | undefined): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]];
  const own: [string, string][] = [
    ["teleport-roles", goJson({ version: "v1", roles: roles.map(({ name }) => name) })],
    ["teleport-traits", traitsJson(options.traits)],
    ["teleport-route-to-cluster", options.routeToCluster],
  ];
  return Object.fromEntries([
    ["permit-pty", ""],
    ...flag(
      "permit-port-forwarding",
      roles.some((role) => role.portForwarding),
    ),
    ...flag(
      "permit-agent-forwarding",
      roles.some((role) => role.forwardAgent),
    ),
    ...flag(
      "permit-X11-forwarding",
      roles.some((role) => role.permitX11Forwarding),
    ),
    ...(options.teleportExtensions ? own : []),
    ...given("impersonator", options.impersonator),
    ...flag("disallow-reissue", options.disallowReissue ?? false),
    ...flag("renewable", options.renewable ?? false),
    ...given("generation", options.generation),
    ...given("login-ip", options.loginIp),
    ["private-key-policy", "none"],
    ...given("bot-name@goteleport.com", options.botName),
    ...given("bot-instance-id@goteleport.com", options.botInstanceId),
  ]);
}

function issueTls(
  authority: SshAuthority,
  options: UserCertificateOptions,
  logins: string[],
  key: KeyObject,
): string {
  const given = (value: string | number | undefined): string[] =>
    value === undefined ? [] : [String(value)];
  const flag = (set: boolean | undefined): string[] => (set ? ["true"] : []);
  const ofRoles = (pick: (role: RoleResource) => string[]): string[] => [
    ...new Set(expandTraits(options.roles.flatMap(pick), options.traits)),
  ];
  return buildCertificate({
    subject: teleportSubject({
      username: options.username,
      roles: options.roles.map(({ name }) => name),
      logins,
      routeToCluster: options.routeToCluster,
      traits: traitsJson(options.traits),
      usage: options.usage ?? [],
      attributes: {
        kubernetesUsers: ofRoles(({ allow }) => allow.kubeUsers),
        kubernetesGroups: ofRoles(({ allow }) => allow.kubeGroups),
        allowedDatabaseNames: ofRoles(({ allow }) => allow.dbNames),
        allowedDatabaseUsers: ofRoles(({ allow }) => allow.dbUsers),
        cluster: [options.clusterName],
        renewable: flag(options.renewable),
        loginIp: given(options.loginIp),
        impersonator: given(options.impersonator),
        disallowReissue: flag(options.disallowReissue),
        generation: given(options.generation),
        privateKeyPolicy: ["none"],
        botName: given(options.botName),
        botInstanceId: given(options.botInstanceId),
        ...options.attributes,
      },
    }),
    publicKey: key,
    issuer: authority,
    notBefore: new Date(options.now.getTime() - skewMs),
    notAfter: options.notAfter,
  });
}
