import { expect, test } from "vitest";
import { type KubernetesProxy, kubernetesAddress } from "./kubernetes-address.ts";

const base: KubernetesProxy = {
  tlsRouting: true,
  sshPublicAddr: "proxy.corp.example:443",
  webAddress: "teleport.corp.example:8443",
};
const alpn = "kube-teleport-proxy-alpn.";

test.each<[string, Partial<KubernetesProxy>, string, string | undefined]>([
  ["TLS routing", {}, "https://proxy.corp.example:443", `${alpn}proxy.corp.example`],
  [
    "an address for Kubernetes beside TLS routing",
    { kubePublicAddr: "kube.corp.example:3026", kubeListenAddr: "0.0.0.0:3026" },
    "https://proxy.corp.example:443",
    `${alpn}proxy.corp.example`,
  ],
  [
    "no public address",
    { sshPublicAddr: "" },
    "https://teleport.corp.example:8443",
    `${alpn}teleport.corp.example`,
  ],
  [
    "a public address without a port",
    { sshPublicAddr: "proxy.corp.example" },
    "https://proxy.corp.example:8443",
    `${alpn}proxy.corp.example`,
  ],
  ["IPv4", { sshPublicAddr: "192.0.2.7:443" }, "https://192.0.2.7:443", `${alpn}teleport.cluster.local`],
  [
    "IPv6",
    { sshPublicAddr: "[2001:db8::7]:443" },
    "https://[2001:db8::7]:443",
    `${alpn}teleport.cluster.local`,
  ],
  [
    "no TLS routing, a public address for Kubernetes",
    { tlsRouting: false, kubePublicAddr: "kube.corp.example:3026", kubeListenAddr: "0.0.0.0:3027" },
    "https://kube.corp.example:3026",
    undefined,
  ],
  [
    "no TLS routing, a listener alone",
    { tlsRouting: false, kubeListenAddr: "0.0.0.0:3026" },
    "https://proxy.corp.example:3026",
    undefined,
  ],
  [
    "no TLS routing, a listener on all of IPv6",
    { tlsRouting: false, kubeListenAddr: "[::]:3026" },
    "https://proxy.corp.example:3026",
    undefined,
  ],
  [
    "no TLS routing, a listener of a port alone, an empty public address",
    { tlsRouting: false, kubePublicAddr: "", kubeListenAddr: ":3026" },
    "https://proxy.corp.example:3026",
    undefined,
  ],
])("%s", (_, over, server, tlsServerName) => {
  expect(kubernetesAddress({ ...base, ...over })).toEqual({ server, tlsServerName });
});

test.each<[string, Partial<KubernetesProxy>]>([
  ["no TLS routing and no address", { tlsRouting: false }],
  ["a listener without a port", { tlsRouting: false, kubeListenAddr: "0.0.0.0" }],
  ["addresses that would change the URL", { tlsRouting: true, sshPublicAddr: "a/b@c", webAddress: "x\ny" }],
])("%s: refused", (_, over) => {
  expect(() => kubernetesAddress({ ...base, ...over })).toThrow(
    expect.objectContaining({ code: "ERR_OUTPUT_KUBERNETES_ADDRESS" }),
  );
});
