import { describe, expect, it } from "vitest";
import { encodeClusterName, selectRoute } from "./routes.ts";

const ours = encodeClusterName("bot.test");
const auth = `teleport-auth@${ours}`;

describe("selectRoute", () => {
  it("encodes cluster names in hex", () => {
    expect(encodeClusterName("root.example.com")).toBe(
      "726f6f742e6578616d706c652e636f6d.teleport.cluster.local",
    );
  });

  it.each([
    ["no ALPN", undefined, "localhost", "web"],
    ["http/1.1", ["http/1.1"], "localhost", "web"],
    ["h2 first decides", ["h2", "teleport-proxy-grpc"], "localhost", "web"],
    ["the join service", ["teleport-proxy-grpc", "h2"], "localhost", "join-grpc"],
    ["the transport service", ["teleport-proxy-ssh-grpc", "h2"], "localhost", "transport"],
    ["the probe of an upgrade", ["teleport-reversetunnel"], "localhost", "reverse-tunnel"],
    [
      "tbot's reverse tunnel",
      ["teleport-reversetunnelv2", "teleport-reversetunnel"],
      "localhost",
      "reverse-tunnel",
    ],
    ["the Auth Service", [auth, "h2"], ours, "auth"],
    ["its plain name", [auth, "h2"], "teleport.cluster.local", "auth"],
    ["its legacy API", [auth, "http/1.1"], ours, "auth-http"],
    ["a foreign server name", [auth, "h2"], "localhost", "auth"],
    ["another cluster in SNI", [auth, "h2"], encodeClusterName("other"), undefined],
    ["no hex in SNI", [auth, "h2"], "zz.teleport.cluster.local", undefined],
    ["the auth entry not first", ["unheard-of", auth, "h2"], ours, undefined],
    ["another cluster in ALPN", [`teleport-auth@${encodeClusterName("other")}`, "h2"], ours, undefined],
    ["tbot --auth-server", ["h2"], ours, "auth"],
    ["tbot 14's second connection", undefined, ours, "auth-http"],
    ["unknown entries are skipped", ["unheard-of", "http/1.1"], "localhost", "web"],
    ["nothing known", ["unheard-of"], "localhost", undefined],
    ["the second reverse tunnel name alone", ["teleport-reversetunnelv2"], "localhost", undefined],
    ["Kubernetes", ["http/1.1"], "kube-teleport-proxy-alpn.localhost", "kube"],
  ])("routes %s", (_what, alpn, serverName, route) => {
    expect(selectRoute({ alpn, serverName }, "bot.test")).toBe(route);
  });
});
