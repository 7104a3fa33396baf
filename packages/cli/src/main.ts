import { createProgram } from "./program.ts";

// A reader that goes away early (`| head -1`) is no failure of ours.
process.stdout.on("error", () => process.exit(0));

void createProgram().parseAsync();
