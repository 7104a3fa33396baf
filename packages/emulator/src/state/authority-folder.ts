import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeYaml } from "@bot-join/resources";
import type { AuthorityVault, StoredAuthority } from "../authority/vault.ts";
import { writeDurably } from "./durable-files.ts";
import { readBlockYaml } from "./read-yaml.ts";

/** Keeps authorities as `kind: cert_authority` documents, private keys included, one file for each type. */
export function openAuthorityFolder(folder: string, clusterName: string): AuthorityVault {
  const pathOf = (type: string): string => join(folder, `${type}.yaml`);
  return {
    load: (type) => {
      let text: string;
      try {
        text = readFileSync(pathOf(type), "utf8");
      } catch {
        // Not made yet.
        return undefined;
      }
      return readAuthority(readBlockYaml(text));
    },
    store: (type, { tlsKeyPem, tlsCertificatePem, sshKeyPem, jwtKeyPem }) => {
      const activeKeys = {
        ...(sshKeyPem !== undefined && { ssh: [{ private_key: sshKeyPem }] }),
        tls: [{ cert: tlsCertificatePem, key: tlsKeyPem }],
        ...(jwtKeyPem !== undefined && { jwt: [{ private_key: jwtKeyPem }] }),
      };
      const spec = { type, cluster_name: clusterName, active_keys: activeKeys };
      const document = {
        kind: "cert_authority",
        sub_kind: type,
        version: "v2",
        metadata: { name: clusterName },
        spec,
      };
      writeDurably(pathOf(type), writeYaml(document));
    },
  };
}

function readAuthority(document: unknown): StoredAuthority | undefined {
  const at = (value: unknown, ...keys: string[]): unknown =>
    keys.reduce<unknown>(
      (within, key) => (typeof within === "object" && within !== null ? Reflect.get(within, key) : undefined),
      value,
    );
  const tlsKeyPem = at(document, "spec", "active_keys", "tls", "0", "key");
  const tlsCertificatePem = at(document, "spec", "active_keys", "tls", "0", "cert");
  const sshKeyPem = at(document, "spec", "active_keys", "ssh", "0", "private_key");
  if (typeof tlsKeyPem !== "string" || typeof tlsCertificatePem !== "string") return undefined;
  const jwtKeyPem = at(document, "spec", "active_keys", "jwt", "0", "private_key");
  return {
    tlsKeyPem,
    tlsCertificatePem,
    ...(typeof sshKeyPem === "string" && { sshKeyPem }),
    ...(typeof jwtKeyPem === "string" && { jwtKeyPem }),
  };
}
