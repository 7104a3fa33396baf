import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { emulatorErrorCodes } from "@bot-join/emulator";
import { transform } from "esbuild";
import { describe, expect, test } from "vitest";
import { type MeasuredJoin, measureJoin } from "./bench/measure-join.ts";
import { startTarget, targetNames } from "./bench/target.ts";
import { bundlePath } from "./support/run-bundle.ts";
import { tempDir } from "./support/temp-dir.ts";

/** Well above the time that client and emulator compute between two flights, so that flights do not mix. */
const roundTripMs = 150;

/** A count is never too low, and too high only on a machine that stalls: so often it is taken again. */
const attempts = 3;

describe.each(["14", "18"] as const)(
  "round trips of a join with Teleport %s from a cold start",
  (version) => {
    test.each([
      { inputs: "nothing but proxy and token", roles: undefined, budget: 6 },
      { inputs: "roles as well", roles: targetNames.role, budget: 5 },
    ])(
      "at most $budget on 2 connections, given $inputs",
      async ({ roles, budget }) => {
        using folder = tempDir();
        await using target = await startTarget({
          version,
          roundTripMs,
          directory: join(folder.path, "target"),
        });
        const joins: MeasuredJoin[] = [];
        do joins.push(await measureJoin(target, roles === undefined ? {} : { roles }));
        while (joins.every(({ roundTrips }) => roundTrips > budget) && joins.length < attempts);
        const best = joins.reduce((a, b) => (b.roundTrips < a.roundTrips ? b : a));
        expect(
          best.roundTrips,
          `A flight was added to the join: look in packages/one-shot/src/connect.ts and packages/join/src/output-certificates.ts for what waits for what.\n${best.timeline}`,
        ).toBeLessThanOrEqual(budget);
        expect(
          best.connections,
          `A connection was added: only packages/one-shot/src/connect.ts opens them, one for the web API and one for the Auth Service.\n${best.timeline}`,
        ).toBeLessThanOrEqual(2);
      },
      40_000,
    );
  },
);

describe("bundles", () => {
  test.each([
    { name: "join.cjs", budget: 500_000 },
    { name: "ssh-proxy.cjs", budget: 200_000 },
  ])("$name is at most $budget bytes", ({ name, budget }) => {
    expect(
      statSync(bundlePath(name)).size,
      `dist/${name} has grown: \`node scripts/bundle.ts --analyze\` says which package brought how much.`,
    ).toBeLessThanOrEqual(budget);
  });

  const forbidden = {
    undici: ["UND_ERR_", "undici"],
    octokit: ["octokit"],
    "the emulator": [...emulatorErrorCodes, "startEmulator", "EmulatorError"],
    "the demo": ["ERR_DEMO_FAILED"],
    commander: ["CommanderError"],
  };
  test.each(Object.entries(forbidden))("join.cjs holds nothing of %s", (what, marks) => {
    const code = readFileSync(bundlePath("join.cjs"), "utf8");
    expect(
      marks.filter((mark) => code.includes(mark)),
      `${what} came along with an import: \`node scripts/bundle.ts --analyze\` lists what is in join.cjs; the plugin in scripts/bundle.ts says which packages have no side effects.`,
    ).toEqual([]);
  });

  test("the marks of the emulator are found where it is", () => {
    const code = readFileSync(bundlePath("bot-join.cjs"), "utf8");
    for (const mark of [...forbidden["the emulator"], ...forbidden["the demo"]]) expect(code).toContain(mark);
  });

  test.each(["join.cjs", "cleanup.cjs", "ssh-proxy.cjs", "bot-join.cjs"])(
    "%s is written in the syntax of Node 20",
    async (name) => {
      const code = readFileSync(bundlePath(name), "utf8");
      const write = async (target: string): Promise<string> =>
        (await transform(code, { target, format: "cjs", platform: "node", minify: true, charset: "utf8" }))
          .code;
      // Whatever Node 20 does not know would have to be written in another way for it.
      expect(
        (await write("node20")) === (await write("esnext")),
        `dist/${name} has syntax that Node 20 does not know: target in scripts/bundle.ts must be node20.`,
      ).toBe(true);
    },
  );
});
