import { expect, test } from "vitest";
import { expandContextName } from "./context-name.ts";

const names = { clusterName: "corp.example", kubeName: "prod" };

test.each([
  ["{{.ClusterName}}-{{.KubeName}}", "corp.example-prod"],
  ["{{ .KubeName }}", "prod"],
  ["{{\t.KubeName\n}}", "prod"],
  ["fixed", "fixed"],
  ["a }} b {{.KubeName}}", "a }} b prod"],
  ["{.KubeName}", "{.KubeName}"],
  ["{{.KubeName}}{{.KubeName}}", "prodprod"],
])("%j becomes %j", (template, expected) => {
  expect(expandContextName(template, names)).toBe(expected);
});

test("a name with the signs of a replacement or a template stays as it is", () => {
  expect(
    expandContextName("{{.ClusterName}}/{{.KubeName}}", { clusterName: "$&$1", kubeName: "{{.X}}" }),
  ).toBe("$&$1/{{.X}}");
});

test.each([
  ["", "gives an empty name"],
  ["{{.Cluster}}", "has the action {{.Cluster}}"],
  ["{{- .KubeName -}}", "has the action {{- .KubeName -}}"],
  ["{{.KubeName | printf}}", "has the action {{.KubeName | printf}}"],
  ["{{if .KubeName}}x{{end}}", "has the action {{if .KubeName}}"],
  ["{{}}", "has the action {{}}"],
  ["{{constructor}}", "has the action {{constructor}}"],
  ["{{/* note */}}", "has the action"],
  ["x{{.KubeName}", "does not close its {{"],
])("%j: %s", (template, what) => {
  expect(() => expandContextName(template, names)).toThrow(
    expect.objectContaining({ code: "ERR_OUTPUT_CONTEXT_NAME", message: expect.stringContaining(what) }),
  );
});

test("a name that comes out empty is refused", () => {
  expect(() => expandContextName("{{.KubeName}}", { clusterName: "a", kubeName: "" })).toThrow(/empty name/);
});
