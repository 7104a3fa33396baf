import { readFileSync, writeFileSync } from "node:fs";
import { renderActionYml, renderDropInYml } from "../packages/runner/src/action-yml.ts";
import { dropIns } from "../packages/runner/src/drop-ins.ts";
import { renderTaskJson } from "../packages/runner/src/task-json.ts";
import { fillReadmeTables } from "./readme-tables.ts";

const readme = new URL("../README.md", import.meta.url);

writeFileSync(new URL("../action.yml", import.meta.url), renderActionYml());
for (const dropIn of dropIns) {
  const folder = new URL(`../actions/github/${dropIn.name}/`, import.meta.url);
  writeFileSync(new URL("action.yml", folder), renderDropInYml(dropIn));
}
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
writeFileSync(
  new URL("../actions/azure-devops/BotJoinV1/task.json", import.meta.url),
  renderTaskJson(version),
);
writeFileSync(readme, fillReadmeTables(readFileSync(readme, "utf8")));
