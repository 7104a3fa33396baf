import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BotJoinError, describeError } from "@bot-join/core";
import { kubeCredentials } from "@bot-join/outputs/renderers";

/** Gives what kubectl expects of its credentials program, from the `identity` file of an output directory. */
export async function kubeCredentialsOf(directory: string, now: Date): Promise<string> {
  const path = join(directory, "identity");
  const identity = await readFile(path, "utf8").catch((error: unknown) => {
    throw new BotJoinError({
      code: "ERR_KUBE_IDENTITY",
      kind: "user",
      message: `The identity for kubectl cannot be read: ${describeError(error)}.`,
      hint: "Was it removed at the end of an earlier job? Join first, then use the kubeconfig of that join.",
      cause: error,
    });
  });
  return kubeCredentials(identity, now);
}
