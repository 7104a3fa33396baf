import { readFileSync, writeFileSync } from "node:fs";
import { renderActionYml } from "../packages/runner/src/action-yml.ts";
import { fillReadmeTables } from "./readme-tables.ts";

const readme = new URL("../README.md", import.meta.url);

writeFileSync(new URL("../action.yml", import.meta.url), renderActionYml());
writeFileSync(readme, fillReadmeTables(readFileSync(readme, "utf8")));
