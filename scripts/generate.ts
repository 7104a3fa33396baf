import { writeFileSync } from "node:fs";
import { renderActionYml } from "../packages/runner/src/action-yml.ts";

writeFileSync(new URL("../action.yml", import.meta.url), renderActionYml());
