// An emulator in a process of its own, to be killed: node test-emulator-process.ts <state directory> <resources> <count>
// It says where it is and signs ID tokens, as one JSON document on a line, and runs until it is killed.
import { readFileSync } from "node:fs";
import { parseResources } from "@bot-join/resources";
import { startEmulator } from "../emulator.ts";
import { platformClaims } from "../oidc/platforms/registry.ts";

const [stateDirectory = "", resourcesFile = "", count = ""] = process.argv.slice(2);
const emulator = await startEmulator({
  clusterName: "bot.test",
  resources: parseResources(readFileSync(resourcesFile, "utf8"), resourcesFile),
  clock: { now: () => new Date(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
  stateDirectory,
});
const issuer = emulator.issuer("https://token.actions.githubusercontent.com");
const idTokens = await Promise.all(
  Array.from({ length: Number(count) }, () => issuer.sign(platformClaims("github"))),
);
const { proxyAddress, webCaPem } = emulator;
process.stdout.write(`${JSON.stringify({ proxyAddress, webCaPem, idTokens })}\n`);
