import { describe, expect, it } from "vitest";
import { findJoinMethod } from "./join-methods/registry.ts";
import { checkResources } from "./parse-resources.ts";
import { checkServerSupport } from "./server-support.ts";
import { readVector } from "./testing.ts";

interface Verdict {
  document: { spec: { join_method?: string } };
  accepted: boolean;
  message?: string;
}

const verdicts: Record<string, Verdict> = JSON.parse(readVector("token-documents.json"));

/** The server's decoder prints Go type names and a piece of the document: only its complaint is compared. */
const decoderComplaint = /ReadString: expects .* but found \S/;

/** Documents that fail for a reason which is checked whatever the join method. */
const general = ["unknown method", "iam account as number"];

describe("the verdicts of a real 14.2.0 server on token documents", () => {
  it("has all 65 of them", () => {
    expect(Object.keys(verdicts)).toHaveLength(65);
  });

  it.each(Object.entries(verdicts))("%s", (name, verdict) => {
    const report = checkResources(JSON.stringify(verdict.document), "document");
    const [resource] = report.resources;
    const joinMethod = verdict.document.spec.join_method ?? "token";
    const enforced = findJoinMethod(joinMethod) !== undefined || general.includes(name);

    if (!enforced) {
      // Kept under its own method's name, never as `token`, and said to be unchecked.
      expect(resource).toMatchObject({ kind: "token", joinMethod });
      expect(report.warnings.map(({ path }) => path)).toContain("spec.join_method");
      return;
    }
    expect(report.problems.length === 0).toBe(verdict.accepted);
    if (verdict.message === undefined) return;
    const message = verdict.message.replace(/^ERROR: /, "");
    expect(report.problems[0]?.message).toContain(decoderComplaint.exec(message)?.[0] ?? message);
    expect(resource).toBeUndefined();
  });

  it("refuses a method that the version lacks", () => {
    const verdict = verdicts["bitbucket (newer)"];
    const [token] = checkResources(JSON.stringify(verdict?.document), "document").resources;
    if (token?.kind !== "token") throw new Error("no token was parsed");
    const refusals = checkServerSupport(token, { major: 14, enterprise: false });
    expect(refusals.map((text) => `ERROR: ${text}`)).toEqual([verdict?.message]);
    expect(checkServerSupport(token, { major: 16, enterprise: false })).toEqual([]);
  });
});
