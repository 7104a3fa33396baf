import { audienceMismatch } from "./mismatch.ts";
import { explainMissingToken } from "./missing-token.ts";
import { takeVariable } from "./take-token.ts";
import type { Platform } from "./types.ts";

const title = "env0";
const variable = "ENV0_OIDC_TOKEN";

/** What env0 says that it puts in, and what Teleport was seen to require: the sources conflict (id-tokens.md section 7). */
const audiences = ["https://prod.env0.com", "https://app.env0.com"];

/** env0 (id-tokens.md section 7). */
export const env0: Platform = {
  name: "env0",
  title,
  signs: [
    { variable },
    { variable: "ENV0_ENVIRONMENT_ID" },
    { variable: "ENV0_DEPLOYMENT_LOG_ID" },
    { variable: "ENV0_PROJECT_ID" },
  ],
  tokens: {
    issuer: /^https:\/\/login\.app\.env0\.com\/$/,
    onlyIssuer: "https://login.app.env0.com/",
    audienceHint: "env0 puts it in; it cannot be chosen.",
    check(claims, source) {
      const given: unknown[] = [claims["aud"]].flat();
      if (audiences.some((audience) => given.includes(audience))) return;
      throw audienceMismatch(claims, source, `"${audiences[0]}"`, env0.tokens.audienceHint);
    },
  },
  async fetchToken(request, deps, detected) {
    const found = takeVariable([variable], request, deps, title);
    if (found !== undefined) return found;
    throw explainMissingToken(env0, request, detected, {
      missing: `the variable ${variable}`,
      meaning: "OIDC is off for the organization",
      hint: [
        "An organization admin ticks in env0: Organization Settings > Policies > Third-Party Authentication:",
        "  [x] Enable OIDC during deployments",
        "or attaches an OIDC credential to the project.",
      ],
    });
  },
};
