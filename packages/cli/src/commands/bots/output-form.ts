import { writeYaml } from "@bot-join/resources";
import { Option } from "commander";

/** tctl's output forms. */
export type OutputForm = "text" | "json" | "yaml";

/** The flag for it. */
export function formatOption(): Option {
  return new Option("--format <format>", "how the answer is printed")
    .choices(["text", "json", "yaml"])
    .default("text");
}

/** Writes a plain value as tctl does. */
export function writeValue(value: object, form: "json" | "yaml"): string {
  return form === "json" ? `${JSON.stringify(value, undefined, 4)}\n` : writeYaml(value);
}
