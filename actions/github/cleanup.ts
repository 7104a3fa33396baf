import { cleanUp } from "@bot-join/one-shot";
import { createGitHubRunner } from "@bot-join/runner";

void cleanUp(createGitHubRunner());
