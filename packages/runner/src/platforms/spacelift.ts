import type { ShellPlatform } from "./shell-platform.ts";

/** Spacelift: only the workspace outlives the pause for an approval, after which a run goes on in another container. */
export const spacelift: ShellPlatform = {
  name: "spacelift",
  temporaryDirectories: () => ["/mnt/workspace"],
  jobKey: ["TF_VAR_spacelift_run_id"],
  // It takes the words of the line one by one, so a text with blanks would blank innocent words.
  maskCommand: (text) => (/\s/.test(text) ? undefined : `::add-mask ${text}`),
};
