import { type FormatError, malformed, quote } from "./errors.ts";
import { standardAttributes, type TeleportAttributeName, teleportAttributes } from "./teleport-attributes.ts";
import { parseCertificatePem } from "./x509-certificate.ts";
import { readSubject, type SubjectAttribute } from "./x509-subject.ts";

/** What begins a login that only Teleport itself uses, such as `-teleport-internal-join`. */
const internalLoginPrefix = "-teleport-";

/** What begins the name of a bot's user. */
const botUserPrefix = "bot-";

/** Who a Teleport certificate says its bearer is: the subject, user-certs.md section 3.2. */
export interface TeleportIdentity {
  username: string;
  roles: string[];
  /** As written, internal ones included. */
  logins: string[];
  /** Without those that begin with `-teleport-`. */
  usableLogins: string[];
  /** The cluster that issued the certificate. */
  cluster: string;
  /** Empty in host certificates. */
  routeToCluster: string;
  /** JSON; `null` without any trait. */
  traits: string;
  /** Every attribute of Teleport's own, as written. */
  attributes: Partial<Record<TeleportAttributeName, string[]>>;
  /** From its attribute (since Teleport 15 or later), else the user name without `bot-`. */
  botName: string;
  botInstanceId?: string;
  generation?: number;
  renewable: boolean;
  disallowReissue: boolean;
  impersonator?: string;
}

/**
 * Reads who a PEM certificate belongs to. Throws `ERR_FORMAT_X509` when it cannot be read and
 * `ERR_FORMAT_IDENTITY` when it is not a Teleport identity. Verifies no signature and no time.
 */
export function readTeleportIdentity(certificatePem: string): TeleportIdentity {
  const subject = readSubject(parseCertificatePem(certificatePem).raw);
  const attributes = collectAttributes(subject);
  const username = onlyValue(subject, standardAttributes.username.oid) ?? "";
  const roles = valuesOf(subject, standardAttributes.roles.oid);
  const logins = valuesOf(subject, standardAttributes.logins.oid);
  const cluster = attributes.cluster?.[0] ?? "";
  if (username === "") throw notAnIdentity("it names no user (CN)");
  if (roles.length === 0) throw notAnIdentity("it names no role (O)");
  if (cluster === "") throw notAnIdentity(`it names no cluster (${teleportAttributes.cluster.oid})`);
  const botInstanceId = attributes.botInstanceId?.[0];
  const generation = attributes.generation?.[0];
  const impersonator = attributes.impersonator?.[0];
  return {
    username,
    roles,
    logins,
    usableLogins: logins.filter((login) => !login.startsWith(internalLoginPrefix)),
    cluster,
    routeToCluster: onlyValue(subject, standardAttributes.routeToCluster.oid) ?? "",
    traits: onlyValue(subject, standardAttributes.traits.oid) ?? "",
    attributes,
    botName: attributes.botName?.[0] ?? withoutPrefix(username, botUserPrefix),
    ...(botInstanceId !== undefined && { botInstanceId }),
    ...(generation !== undefined && { generation: parseGeneration(generation) }),
    renewable: attributes.renewable?.[0] === "true",
    disallowReissue: attributes.disallowReissue?.[0] === "true",
    ...(impersonator !== undefined && { impersonator }),
  };
}

function collectAttributes(subject: SubjectAttribute[]): TeleportIdentity["attributes"] {
  const attributes: TeleportIdentity["attributes"] = {};
  for (const name of Object.keys(teleportAttributes) as TeleportAttributeName[]) {
    const { oid, repeated } = teleportAttributes[name];
    const values = repeated
      ? valuesOf(subject, oid)
      : [onlyValue(subject, oid)].filter((value) => value !== undefined);
    if (values.length > 0) attributes[name] = values;
  }
  return attributes;
}

function valuesOf(subject: SubjectAttribute[], oid: string): string[] {
  return subject.filter((attribute) => attribute.oid === oid).map(({ value }) => value);
}

/** Two values where one is meant could be read differently by different readers, so neither is taken. */
function onlyValue(subject: SubjectAttribute[], oid: string): string | undefined {
  const [value, ...more] = valuesOf(subject, oid);
  if (more.length > 0) throw notAnIdentity(`it holds ${oid} more than once`);
  return value;
}

function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function parseGeneration(text: string): number {
  const generation = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(generation)) {
    throw notAnIdentity(`its generation ${quote(text)} is not a number`);
  }
  return generation;
}

function notAnIdentity(reason: string): FormatError {
  return malformed("ERR_FORMAT_IDENTITY", `Cannot read the certificate as a Teleport identity: ${reason}.`);
}
