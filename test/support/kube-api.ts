import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** One request that the API server saw. */
interface KubeRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
}

/** A stand-in for the API server of a Kubernetes cluster: it knows the pods of the namespace `default`. */
export interface KubeApi extends AsyncDisposable {
  /** A kubeconfig that reaches it with a token. */
  readonly kubeconfig: string;
  readonly requests: readonly KubeRequest[];
}

/** The token that the server wants, as that of a service account. */
export const kubeToken = "a-token-of-a-service-account";

/** Starts a {@link KubeApi} on loopback, with pods of these names. */
export async function startKubeApi(pods: readonly string[]): Promise<KubeApi> {
  const requests: KubeRequest[] = [];
  const answers: Readonly<Record<string, object>> = {
    "/version": { major: "1", minor: "32", gitVersion: "v1.32.0" },
    "/api": { kind: "APIVersions", versions: ["v1"] },
    "/apis": { kind: "APIGroupList", apiVersion: "v1", groups: [] },
    "/api/v1": {
      kind: "APIResourceList",
      groupVersion: "v1",
      resources: [
        {
          name: "pods",
          singularName: "pod",
          namespaced: true,
          kind: "Pod",
          verbs: ["get", "list"],
          shortNames: ["po"],
        },
      ],
    },
    "/api/v1/namespaces/default/pods": {
      kind: "PodList",
      apiVersion: "v1",
      metadata: {},
      items: pods.map((name) => ({
        kind: "Pod",
        apiVersion: "v1",
        metadata: { name, namespace: "default" },
        spec: { containers: [] },
        status: { phase: "Running" },
      })),
    },
  };
  const server = createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    requests.push({ method, path: url, headers });
    const known = headers.authorization === `Bearer ${kubeToken}`;
    const answer = answers[url.split("?", 1)[0] ?? ""];
    const status = known ? (answer === undefined ? 404 : 200) : 401;
    const failure = { kind: "Status", apiVersion: "v1", status: "Failure", message: "no", code: status };
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(status === 200 ? answer : failure));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    requests,
    kubeconfig: `apiVersion: v1
kind: Config
current-context: stand-in
contexts:
- name: stand-in
  context: {cluster: stand-in, user: agent}
clusters:
- name: stand-in
  cluster: {server: "http://127.0.0.1:${port}"}
users:
- name: agent
  user: {token: ${kubeToken}}
`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
