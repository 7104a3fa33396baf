import { describe, expect, it } from "vitest";
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

describe("the verdicts of a real 14.2.0 server on token documents", () => {
  it("has all 65 of them", () => {
    expect(Object.keys(verdicts)).toHaveLength(65);
  });

  it.each(Object.entries(verdicts))("%s", (_, verdict) => {
    const text = JSON.stringify(verdict.document);
    const report = checkResources(text, "document", { serverVersion: "14.2.0", enterprise: false });
    expect(report.problems.length === 0).toBe(verdict.accepted);
    expect(report.resources).toHaveLength(verdict.accepted ? 1 : 0);
    if (verdict.message === undefined) return;
    const message = verdict.message.replace(/^ERROR: /, "");
    const complaint = decoderComplaint.exec(message)?.[0];
    if (complaint === undefined) expect(report.problems[0]?.message).toBe(message);
    else expect(report.problems[0]?.message).toContain(complaint);
  });

  it("of a method that the version lacks is the other way round in one that has it", () => {
    const text = JSON.stringify(verdicts["bitbucket (newer)"]?.document);
    expect(checkResources(text, "document", { serverVersion: "16.4.0" }).problems).toEqual([]);
    expect(checkResources(text, "document", { serverVersion: "16.3.9" }).problems).toMatchObject([
      { message: 'unknown join method "bitbucket"' },
    ]);
    const [token] = checkResources(text, "document").resources;
    if (token?.kind !== "token") throw new Error("no token was parsed");
    expect(checkServerSupport(token, { major: 14, enterprise: false })).toEqual([
      'unknown join method "bitbucket"',
    ]);
    expect(checkServerSupport(token, { major: 16, enterprise: false })).toEqual([]);
  });
});
