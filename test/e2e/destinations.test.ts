import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Emulator } from "@bot-join/emulator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestEmulator } from "../support/emulator.ts";
import { nodePrograms, runProgram } from "../support/run-bundle.ts";
import { onTmpfs, requireMounts } from "../support/tmpfs.ts";
import { findTool, requireTool } from "../support/tools.ts";
import { expectFailure, expectSuccess, type Job, startJob } from "./job.ts";

/** The user `daemon`, whom permissions bind, for tests that start as root. */
const ordinaryUid = 1;

const isRoot = process.getuid?.() === 0;

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startTestEmulator();
});

afterAll(() => emulator[Symbol.asyncDispose]());

for (const node of nodePrograms()) {
  describe(`a destination on ${node.name}`, () => {
    const start = (): Promise<Job> => startJob(emulator, { node: node.path });

    test("that is a file, or lies below one", async () => {
      await using job = await start();
      const path = join(job.workspace, "out");
      writeFileSync(path, "mine");
      const entries = ["workspace/out"];
      for (const directory of ["out", "out/deeper"]) {
        expectFailure(job, await job.run({ directory }), "ERR_OUTPUT_DIRECTORY_IS_FILE", [path], entries);
      }
      expect(readFileSync(path, "utf8")).toBe("mine");
      expect(job.github.tokenRequests).toEqual([]);
    });

    test("that is a link to elsewhere, or whose files are", async () => {
      await using job = await start();
      const at = (name: string): string => join(job.workspace, name);
      mkdirSync(at("elsewhere"));
      symlinkSync(at("elsewhere"), at("out"));
      const entries = ["workspace/elsewhere", "workspace/out"];
      expectFailure(
        job,
        await job.run({ directory: "out" }),
        "ERR_OUTPUT_DIRECTORY_IS_LINK",
        [at("out")],
        entries,
      );
      expect(readdirSync(at("elsewhere"))).toEqual([]);

      await using planted = await start();
      const inside = (name: string): string => join(planted.workspace, name);
      mkdirSync(inside("out"), { mode: 0o700 });
      writeFileSync(inside("victim"), "untouched");
      symlinkSync(inside("victim"), inside("out/key"));
      expectFailure(
        planted,
        await planted.run({ directory: "out" }),
        "ERR_OUTPUT_FILE_IN_THE_WAY",
        [inside("out/key"), "symbolic link"],
        ["workspace/out", "workspace/out/key", "workspace/victim"],
      );
      expect(readFileSync(inside("victim"), "utf8")).toBe("untouched");
      // What was noted for the post step before the write does not make it remove anything of others.
      expectSuccess(await planted.post());
      expect(readdirSync(inside("out"))).toEqual(["key"]);
    });

    test("that this user may not write to", async () => {
      await using job = await start();
      const path = join(job.workspace, "out");
      mkdirSync(path);
      chmodSync(path, 0o500);
      if (isRoot) job.giveTo(ordinaryUid);
      const run = (directory: string) => job.run({ directory }, isRoot ? { uid: ordinaryUid } : {});
      for (const directory of ["out", "out/deeper"]) {
        expectFailure(
          job,
          await run(directory),
          "ERR_OUTPUT_NOT_WRITABLE",
          [path, "EACCES"],
          ["workspace/out"],
        );
      }
      expectFailure(
        job,
        await run("/proc/bot-join/out"),
        "ERR_OUTPUT_WRITE",
        ["/proc/bot-join"],
        ["workspace/out"],
      );
      expect(job.github.tokenRequests).toEqual([]);
    });

    test("that other users may write to", async () => {
      await using job = await start();
      const path = join(job.workspace, "out");
      mkdirSync(path);
      writeFileSync(join(path, "other"), "");
      chmodSync(path, 0o777);
      expectFailure(
        job,
        await job.run({ directory: "out" }),
        "ERR_OUTPUT_DIRECTORY_SHARED",
        [path, "chmod go-w"],
        ["workspace/out", "workspace/out/other"],
      );
    });

    test("on a disk that is full from the start, or becomes so while files are written", async (context) => {
      await requireMounts(context);
      await using job = await start();
      const disk = join(job.workspace, "disk");
      mkdirSync(disk);
      const listing = job.writeInput("listing", "");
      const entries = ["workspace/disk", "workspace/listing"];
      for (const [size, directory] of [
        ["64k", "disk/out"],
        ["64k", "disk"],
      ] as const) {
        const result = await job.run(
          { directory },
          { wrapper: onTmpfs(context, disk, `size=${size}`, listing) },
        );
        expectFailure(
          job,
          result,
          "ERR_OUTPUT_DISK_FULL",
          [join(job.workspace, directory), "ENOSPC"],
          entries,
        );
        expect(readFileSync(listing, "utf8")).toBe("");
        expect(job.github.tokenRequests).toEqual([]);
      }
      // Many outputs: each one's space is looked for before, and all of them together do not fit.
      const outputs = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"]
        .map((name) => `- {type: identity, destination: disk/${name}}`)
        .join("\n");
      // A shell drops variables with a hyphen in their names, as INPUT_CA-FILE has.
      const env = { BOT_JOIN_CA_FILE: job.caFile };
      const wrapper = onTmpfs(context, disk, "size=480k", listing);
      const result = await job.run({ outputs }, { wrapper, env });
      expectFailure(job, result, "ERR_OUTPUT_DISK_FULL", [disk, "ENOSPC"], entries);
      expect(readFileSync(listing, "utf8")).toBe("");
      expect(job.github.tokenRequests).toHaveLength(1);
    });

    test("that is fine: relative, made with its parents, used a second time", async () => {
      await using job = await start();
      for (let run = 0; run < 2; run++) expectSuccess(await job.run({ directory: "deep/er/out" }));
      expect(readdirSync(join(job.workspace, "deep/er/out"))).toHaveLength(13);
      expectSuccess(await job.post());
      expect(existsSync(join(job.workspace, "deep", "er", "out", "key"))).toBe(false);
    });

    test("with signs in its name that a shell or ssh would take for something", async (context) => {
      const ssh = findTool("ssh");
      if (ssh === undefined) requireTool(context, "ssh");
      await using job = await start();
      expectSuccess(await job.run({ directory: "an odd & 'quoted' 100% $HOME #1 folder" }));
      const { "ssh-config": config = "" } = job.github.readOutputs();
      // The ProxyCommand runs: it is our own program that says that the node is unknown.
      const result = await runProgram(
        ssh ?? "",
        ["-F", config, "-o", "BatchMode=yes", "web-9.bot.test", "true"],
        {
          env: { PATH: process.env["PATH"] ?? "", HOME: job.folder },
        },
      );
      expect(result.status).toBe(255);
      expect(result.stderr).toMatch(/^bot-join: The proxy localhost:\d+ did not connect to web-9:3022/);
    });
  });
}
