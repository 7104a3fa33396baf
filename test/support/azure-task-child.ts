/** Runs a task's script by the mock runner of Microsoft's library, as a process of its own: SCRIPT, inputs as JSON. */
import { TaskMockRunner } from "azure-pipelines-task-lib/mock-run.js";

const [, , script = "", inputs = "{}"] = process.argv;
const runner = new TaskMockRunner(script);
for (const [name, value] of Object.entries(JSON.parse(inputs) as Record<string, string>)) {
  runner.setInput(name, value);
}
// The library itself is not mocked: it is inside the bundle, and its commands are what is looked at.
runner.run(true);
