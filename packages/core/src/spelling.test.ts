import { describe, expect, it } from "vitest";
import { nearestSpelling } from "./spelling.ts";

const inputs = ["proxy", "token", "join-method", "certificate-ttl", "directory", "id", "ca-pin"];

describe("nearestSpelling", () => {
  it.each<[string, string]>([
    ["proxy", "proxy"],
    ["Proxy", "proxy"],
    ["join_method", "join-method"],
    ["JOIN_METHOD", "join-method"],
    ["prox", "proxy"],
    ["proxxy", "proxy"],
    ["proxi", "proxy"],
    ["porxy", "proxy"],
    ["tkoen", "token"],
    ["certificat-tll", "certificate-ttl"],
    ["ca-pins", "ca-pin"],
    ["ip", "id"],
  ])("takes %s for %s", (word, candidate) => {
    expect(nearestSpelling(word, inputs)).toBe(candidate);
  });

  it.each(["", "xyz", "method", "tokenize-it", "certificate"])("suggests nothing for %j", (word) => {
    expect(nearestSpelling(word, inputs)).toBeUndefined();
  });

  it("suggests the first of equally near ones, in its own spelling, and nothing without candidates", () => {
    expect(nearestSpelling("kats", new Set(["Cats", "Bats"]))).toBe("Cats");
    expect(nearestSpelling("cats", [])).toBeUndefined();
  });
});
