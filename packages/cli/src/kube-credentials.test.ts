import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { kubeCredentialsOf } from "./kube-credentials.ts";

test("an identity that is gone or is none is told in the words of kubectl's user", async () => {
  using folder = tempDir();
  const now = new Date("2026-11-22T05:00:00Z");
  await expect(kubeCredentialsOf(folder.path, now)).rejects.toMatchObject({
    code: "ERR_KUBE_IDENTITY",
    message: expect.stringContaining(join(folder.path, "identity")),
  });
  writeFileSync(join(folder.path, "identity"), "nothing");
  await expect(kubeCredentialsOf(folder.path, now)).rejects.toMatchObject({
    code: "ERR_OUTPUT_IDENTITY_FILE",
  });
});
