import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startGitHubJob } from "@bot-join/emulator";
import { checkResources } from "@bot-join/resources";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { githubIssuer, startTestEmulator } from "../support/emulator.ts";
import { runBundle } from "../support/run-bundle.ts";
import { systemClock } from "../support/system-clock.ts";
import { tempDir } from "../support/temp-dir.ts";
import { examples, yamlTexts } from "./pages.ts";

const documents = yamlTexts().filter(({ text }) => /^kind: /m.test(text));
const readme = documents.find(({ page }) => page === "README.md")?.text ?? "";

/** Warnings that the text around the document gives as well. */
const expected = [
  /requires Teleport Enterprise/,
  /token of method token is its secret, and this one can be guessed/,
];

describe("documents for tctl create -f", () => {
  test.each(documents)("$page:$line has no problem and no unexpected warning", ({ page, text }) => {
    const { resources, problems, warnings } = checkResources(text, page);
    const others = warnings.filter(({ message }) => !expected.some((warning) => warning.test(message)));
    expect({ problems, others }).toEqual({ problems: [], others: [] });
    expect(resources.length).toBeGreaterThan(0);
  });

  test("examples/github/resources.yaml is the README's", () => {
    const example = examples().find(({ path }) => path === "examples/github/resources.yaml")?.text ?? "";
    expect(checkResources(example, "").resources).toEqual(checkResources(readme, "").resources);
  });

  test.each(["14", "18"] as const)(
    "the README's workflow joins Teleport %s with the README's documents",
    async (version) => {
      const workflow = yamlTexts().find(({ page, text }) => page === "README.md" && text.includes("jobs:"));
      const { jobs } = parse(workflow?.text ?? "") as {
        jobs: { deploy: { environment: string; steps: { with?: Record<string, string> }[] } };
      };
      const inputs = jobs.deploy.steps.find((step) => step.with !== undefined)?.with ?? {};
      using folder = tempDir();
      await using emulator = await startTestEmulator({
        version,
        clusterName: "example.teleport.sh",
        resources: checkResources(readme, "README.md").resources,
      });
      await using job = await startGitHubJob({
        issuer: emulator.issuer(githubIssuer),
        clock: systemClock,
        directory: folder.path,
        claims: { repository: "octo-org/shop", environment: jobs.deploy.environment },
      });
      const caFile = join(folder.path, "web-ca.pem");
      writeFileSync(caFile, emulator.webCaPem);
      const { status, stdout, stderr } = await runBundle("join.cjs", {
        env: {
          ...job.env,
          ...job.inputsEnv({ ...inputs, proxy: emulator.proxyAddress }),
          NODE_EXTRA_CA_CERTS: caFile,
        },
      });
      expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: "" });
      expect(job.readOutputs()).toMatchObject({ bot: "ci-deploy", roles: "ci-deploy", logins: "deploy" });
      expect(Object.keys(job.readExports()).sort()).toEqual([
        "TELEPORT_AUTH_SERVER",
        "TELEPORT_IDENTITY_FILE",
        "TELEPORT_PROXY",
        "TELEPORT_SSH_CONFIG",
      ]);
    },
  );
});
