import { standardAttributes, type TeleportAttributeName, teleportAttributes } from "@bot-join/formats";
import type { Name } from "./name.ts";

/** What Teleport says about the bearer of a certificate, all of it in the subject. */
export interface TeleportSubject {
  username: string;
  roles: readonly string[];
  logins: readonly string[];
  routeToCluster: string;
  /** JSON, `null` without any trait. */
  traits: string;
  /** What the certificate is restricted to; default: nothing. */
  usage?: readonly string[];
  /** Teleport's own attributes; those without a value are left out. */
  attributes: Partial<Record<TeleportAttributeName, readonly string[]>>;
}

/**
 * Makes a subject in the server's order: L, STREET, POSTALCODE, O, OU, CN, then each own attribute by itself
 * (user-certs.md section 3.2).
 */
export function teleportSubject(subject: TeleportSubject): Name {
  const { logins, routeToCluster, traits, roles, usage, username } = standardAttributes;
  const standard: [string, readonly string[]][] = [
    [logins.oid, subject.logins],
    [routeToCluster.oid, [subject.routeToCluster]],
    [traits.oid, [subject.traits]],
    [roles.oid, subject.roles],
    [usage.oid, subject.usage ?? []],
    [username.oid, [subject.username]],
  ];
  const own = Object.entries(teleportAttributes).flatMap(([name, { oid }]) =>
    (subject.attributes[name as TeleportAttributeName] ?? []).map((value) => [{ oid, value }]),
  );
  return [
    ...standard
      .filter(([, values]) => values.length > 0)
      .map(([oid, values]) => values.map((value) => ({ oid, value }))),
    ...own,
  ];
}
