import { expect, test } from "vitest";
import { sshTargetHost } from "./ssh-target.ts";

const [cluster, proxy] = ["bot.test", "tele.example.com"];

test.each([
  // host, cluster, proxy host, what the proxy is asked for
  ["node-1", cluster, proxy, "node-1"],
  ["node-1.bot.test", cluster, proxy, "node-1"],
  ["NODE-1.Bot.TEST", cluster, proxy, "NODE-1"],
  ["node-1.tele.example.com", cluster, proxy, "node-1"],
  ["node-1.bot.test.tele.example.com", cluster, proxy, "node-1"],
  ["node-1.other.test", cluster, proxy, "node-1.other.test"],
  ["node-1bot.test", cluster, proxy, "node-1bot.test"],
  ["bot.test", cluster, proxy, "bot.test"],
  [".bot.test", cluster, proxy, ".bot.test"],
  // Cluster and proxy often have the same name: one suffix, taken off once, since hosts may be named fully.
  ["web-1.demo.test", "demo.test", "demo.test", "web-1"],
  ["ip-10.demo.test.demo.test", "demo.test", "demo.test", "ip-10.demo.test"],
  // One below the other.
  ["node.leaf.example.com", "leaf.example.com", "example.com", "node"],
  ["node.tele.example.com", "example.com", "tele.example.com", "node"],
  ["node.example.com", "example.com", "tele.example.com", "node"],
  // Addresses.
  ["127.0.0.1", cluster, "127.0.0.1", "127.0.0.1"],
  ["2001:db8::7", cluster, proxy, "2001:db8::7"],
  ["::1", cluster, "::1", "::1"],
  // Nothing known of the cluster.
  ["node.", "", proxy, "node."],
])("%s in %s behind %s is %s", (host, clusterName, proxyHost, expected) => {
  expect(sshTargetHost(host, clusterName, proxyHost)).toBe(expected);
});
