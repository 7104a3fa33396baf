import { describe, expect, test } from "vitest";
import { renderApplicationOutput } from "./application-output.ts";
import { type DatabaseFormat, renderDatabaseOutput } from "./database-output.ts";
import { recorded, recordedIdentity } from "./test-support.ts";

const common = [
  "teleport-host-ca.crt",
  "teleport-user-ca.crt",
  "teleport-database-ca.crt",
  "identity",
  "key-cert.pub",
  "tlscert",
  "key",
  "key.pub",
];

describe("database", () => {
  test.each<[DatabaseFormat, string[]]>([
    ["", []],
    ["tls", ["tls.crt", "tls.key", "tls.cas"]],
    ["mongo", ["mongo.crt", "mongo.cas"]],
    ["cockroach", ["cockroach/node.crt", "cockroach/node.key", "cockroach/ca.crt"]],
  ])("format %j adds %j", (format, names) => {
    const files = renderDatabaseOutput(recordedIdentity("database-pg"), { format });
    expect([...files.keys()]).toEqual([...common, ...names]);
    for (const [name, content] of files) expect(content, name).toMatch(/[^\n]\n$/);
  });

  test("cockroach's files are certificate, key and database authority", () => {
    const files = renderDatabaseOutput(recordedIdentity("database-pg"), { format: "cockroach" });
    expect(files.get("cockroach/node.crt")).toBe(recorded("database-pg", "tlscert"));
    expect(files.get("cockroach/node.key")).toBe(recorded("database-pg", "key"));
    expect(files.get("cockroach/ca.crt")).toBe(recorded("database-pg", "teleport-database-ca.crt"));
  });

  test("blocks without a final newline stay apart in mongo.crt", () => {
    const identity = recordedIdentity("database-mongo");
    const files = renderDatabaseOutput(
      { ...identity, tlsCertificate: identity.tlsCertificate.trimEnd() },
      { format: "mongo" },
    );
    expect(files.get("mongo.crt")).toBe(recorded("database-mongo", "mongo.crt"));
  });
});

test("an application without specific names has no tls.* files", () => {
  const files = renderApplicationOutput(recordedIdentity("application"), { specificTlsNaming: false });
  expect([...files.keys()].sort()).toEqual([...common].sort());
});
