import { readDocuments, tooLong } from "./documents.ts";
import { isMapping } from "./mapping.ts";
import type { KubeAccess } from "./targets.ts";

/** Reads how the current context of a kubeconfig reaches its cluster, or says why it cannot be used. */
export function readKubeconfig(text: string): KubeAccess | string {
  const long = tooLong(text);
  if (long !== undefined) return long;
  const { documents, problems } = readDocuments(text);
  const [syntax] = problems;
  if (syntax !== undefined) return `line ${syntax.line} of the kubeconfig: ${syntax.message}`;
  const config = documents[0]?.value;
  const contextName = textAt(config, "current-context");
  if (contextName === undefined) return "the kubeconfig has no current-context";
  const context = entryOf(config, "contexts", contextName, "context");
  const cluster = entryOf(config, "clusters", textAt(context, "cluster"), "cluster");
  const user = entryOf(config, "users", textAt(context, "user"), "user");
  const server = textAt(cluster, "server");
  if (server === undefined || !/^https?:\/\//.test(server)) {
    return `the kubeconfig's context ${JSON.stringify(contextName)} leads to no cluster with a server address`;
  }
  const elsewhere = [
    ...keysAt(cluster, ["certificate-authority", "proxy-url"]),
    ...keysAt(user, ["client-certificate", "client-key", "tokenFile", "exec", "auth-provider", "username"]),
  ];
  if (elsewhere.length > 0) {
    return `the kubeconfig's ${elsewhere.join(" and ")} cannot be used here: it must hold its data and a token itself`;
  }
  const authorityPem = dataAt(cluster, "certificate-authority-data");
  const serverName = textAt(cluster, "tls-server-name");
  const token = textAt(user, "token");
  const clientCertificatePem = dataAt(user, "client-certificate-data");
  const clientKeyPem = dataAt(user, "client-key-data");
  return {
    server,
    insecureSkipVerify: isMapping(cluster) && cluster["insecure-skip-tls-verify"] === true,
    ...(authorityPem !== undefined && { authorityPem }),
    ...(serverName !== undefined && { serverName }),
    ...(token !== undefined && { token }),
    ...(clientCertificatePem !== undefined &&
      clientKeyPem !== undefined && { clientCertificatePem, clientKeyPem }),
  };
}

/** Finds one entry of a kubeconfig's named lists. */
function entryOf(config: unknown, listKey: string, name: string | undefined, key: string): unknown {
  const entries: unknown = isMapping(config) ? config[listKey] : undefined;
  if (!Array.isArray(entries) || name === undefined) return undefined;
  const found: unknown = entries.find((entry) => isMapping(entry) && entry["name"] === name);
  return isMapping(found) ? found[key] : undefined;
}

function textAt(value: unknown, key: string): string | undefined {
  const found = isMapping(value) ? value[key] : undefined;
  return typeof found === "string" && found !== "" ? found : undefined;
}

function dataAt(value: unknown, key: string): string | undefined {
  const data = textAt(value, key);
  return data === undefined ? undefined : Buffer.from(data, "base64").toString("utf8");
}

function keysAt(value: unknown, keys: readonly string[]): string[] {
  return keys.filter((key) => isMapping(value) && Object.hasOwn(value, key) && value[key] !== null);
}
