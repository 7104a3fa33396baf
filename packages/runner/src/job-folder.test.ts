import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { jobFolder, temporaryDirectory } from "./job-folder.ts";
import { shellPlatforms } from "./platforms/shell-platforms.ts";

function find(name: string): (typeof shellPlatforms)[number] | undefined {
  return shellPlatforms.find((platform) => platform.name === name);
}

test.each([
  ["gitlab", (path: string) => ({ RUNNER_TEMP_PROJECT_DIR: `${path}/p.tmp` })],
  ["gitlab", (path: string) => ({ CI_PROJECT_DIR: `${path}/p` })],
  ["azure_devops", (path: string) => ({ AGENT_TEMPDIRECTORY: `${path}/p.tmp` })],
  ["github", (path: string) => ({ RUNNER_TEMP: `${path}/p.tmp` })],
])("files of a job of %s go where the job's files end", (name, environment) => {
  using folder = tempDir();
  const given = environment(folder.path);
  expect(temporaryDirectory(find(name), given)).toBe(tmpdir());
  mkdirSync(join(folder.path, "p.tmp"));
  expect(temporaryDirectory(find(name), given)).toBe(join(folder.path, "p.tmp"));
});

test("a relative folder, a file and nothing at all are no temporary directories", () => {
  for (const AGENT_TEMPDIRECTORY of ["tmp", import.meta.filename, "", undefined]) {
    expect(temporaryDirectory(find("azure_devops"), { AGENT_TEMPDIRECTORY })).toBe(tmpdir());
  }
});

test.each<[string, Record<string, string>, string]>([
  ["gitlab", { CI_JOB_ID: "123" }, "123"],
  ["circleci", { CIRCLE_WORKFLOW_ID: "w", CIRCLE_BUILD_NUM: "5", CIRCLE_NODE_INDEX: "0" }, "w-5-0"],
  ["bitbucket", { BITBUCKET_BUILD_NUMBER: "5", BITBUCKET_STEP_UUID: "{a-b}" }, "5-_a-b_"],
  ["azure_devops", { SYSTEM_PLANID: "p", SYSTEM_JOBID: "j" }, "p-j"],
  ["spacelift", { TF_VAR_spacelift_run_id: "01J" }, "01J"],
  ["env0", { ENV0_DEPLOYMENT_LOG_ID: "../../ä\n" }, ".._..____"],
  ["gitlab", {}, `_work_shop-${process.getuid?.()}`],
  ["nowhere", { CI_JOB_ID: "1" }, `_work_shop-${process.getuid?.()}`],
])("a job of %s with %j is known as %s", (name, environment, key) => {
  const folder = jobFolder(find(name), environment, "/work/shop");
  expect(folder).toBe(join(temporaryDirectory(find(name), environment), `bot-join-job-${key}`));
});

test("a long working directory makes no longer name than a file system takes", () => {
  const folder = jobFolder(undefined, {}, `/${"x".repeat(3000)}/end`);
  expect(folder).toMatch(/x_end-\d+$/);
  expect(folder.length).toBeLessThan(tmpdir().length + 170);
});

test("texts are masked by the platform where it can", () => {
  const masks = shellPlatforms.map(({ name, maskCommand }) => [name, maskCommand?.("a%b")]);
  expect(Object.fromEntries(masks)).toMatchObject({
    azure_devops: "##vso[task.setsecret]a%AZP25b",
    spacelift: "::add-mask a%b",
    gitlab: undefined,
  });
  expect(find("spacelift")?.maskCommand?.("a b")).toBeUndefined();
  expect(find("azure_devops")?.maskCommand?.("a\nb")).toBeUndefined();
});
