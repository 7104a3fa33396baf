import { explainMissingToken } from "./missing-token.ts";
import { takeVariable } from "./take-token.ts";
import type { Platform } from "./types.ts";

const title = "Bitbucket Pipelines";
const variable = "BITBUCKET_STEP_OIDC_TOKEN";

/** Bitbucket Pipelines (id-tokens.md section 5). */
export const bitbucket: Platform = {
  name: "bitbucket",
  title,
  signs: [
    { variable: "BITBUCKET_BUILD_NUMBER" },
    { variable: "BITBUCKET_STEP_UUID" },
    { variable: "BITBUCKET_REPO_UUID" },
    { variable },
  ],
  tokens: {
    issuer: /^https:\/\/api\.bitbucket\.org\//,
    audienceHint:
      "It is oidc.audiences of the step, or the workspace's own, which spec.bitbucket.audience of the token resource has to name.",
  },
  async fetchToken(request, deps, detected) {
    const found = takeVariable([variable], request, deps, title);
    if (found !== undefined) return found;
    throw explainMissingToken(bitbucket, request, detected, {
      missing: `the variable ${variable}`,
      meaning: "the step does not say oidc: true",
      hint: [
        "Add to the step in bitbucket-pipelines.yml:",
        "  - step:",
        "      oidc: true",
        `Into a container that the step starts itself, pass it on: docker run -e ${variable}.`,
      ],
    });
  },
};
