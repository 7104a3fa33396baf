import { tmpdir } from "node:os";
import { describeError, maskableParts } from "@bot-join/core";
import { azureName } from "./azure-names.ts";
import { defuseCommands } from "./defuse.ts";
import { RunnerError } from "./errors.ts";
import { failureText } from "./failure-text.ts";
import { readAzureInputs } from "./raw-inputs.ts";
import type { Runner } from "./runner.ts";

type TaskLibrary = typeof import("azure-pipelines-task-lib/task.js");

/**
 * Makes the runner of an Azure DevOps task; it speaks through `azure-pipelines-task-lib`. That library moves inputs and the
 * agent's own connection out of the environment as soon as it is loaded, into debug lines too: the environment is read before.
 * Throws `ERR_RUNNER_AGENT`.
 */
export async function createAzureRunner(): Promise<Runner> {
  const environment = { ...process.env };
  const agent = await loadTaskLibrary(environment["AGENT_TEMPDIRECTORY"]);
  return {
    name: "azure-devops",
    environment,
    log: {
      debug: (message) => agent.debug(message),
      info: (message) => console.log(defuseCommands(message)),
      warn: (message) => agent.warning(message, agent.IssueSource.CustomerScript),
    },
    inputs: (below) => readAzureInputs(environment, below),
    mask(secret) {
      for (const part of maskableParts(secret)) {
        if (!/[\r\n]/.test(part)) agent.setSecret(part);
      }
    },
    setOutput: (name, value) => agent.setVariable(azureName(name), value, false, true),
    exportVariable: (name, value) => agent.setVariable(name, value, false, false),
    // A task with restricted commands may not upload a summary; the log has the same rows.
    summary: async () => undefined,
    saveState: (name, value) => agent.setTaskVariable(name, value, false),
    getState: (name) => agent.getTaskVariable(name) || undefined,
    temporaryDirectory: () => environment["AGENT_TEMPDIRECTORY"] || tmpdir(),
    fail(error) {
      agent.setResult(agent.TaskResult.Failed, failureText(error));
      process.exitCode = 1;
    },
  };
}

/** The library writes a key of its own into the agent's temporary directory, and throws as it comes when it cannot. */
async function loadTaskLibrary(directory: string | undefined): Promise<TaskLibrary> {
  try {
    return await import("azure-pipelines-task-lib/task.js");
  } catch (error) {
    throw new RunnerError({
      code: "ERR_RUNNER_AGENT",
      kind: "user",
      message: `The agent's temporary directory, ${directory ?? "which AGENT_TEMPDIRECTORY does not name"}, cannot be used: ${describeError(error)}.`,
      hint: "Agent.TempDirectory has to be a folder in which the agent's user may write; look at its disk and its permissions.",
      cause: error,
    });
  }
}
