import { cleanUp } from "@bot-join/one-shot";
import { createAzureRunner, failureText } from "@bot-join/runner";

createAzureRunner()
  .then(cleanUp)
  .catch((error: unknown) => console.error(failureText(error)));
