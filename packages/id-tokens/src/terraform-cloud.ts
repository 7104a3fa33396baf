import { explainMissingToken } from "./missing-token.ts";
import { takeVariable } from "./take-token.ts";
import type { Platform, PlatformEnvironment } from "./types.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

const title = "HCP Terraform";

/** tbot's variable for the tag of the token to take (outputs.md section 9.3). */
const tagVariable = "TERRAFORM_WORKLOAD_IDENTITY_AUDIENCE_TAG";

/** `_TAG` for a tagged token, else nothing. */
function suffix(environment: PlatformEnvironment): string {
  const tag = quoteUntrusted(environment[tagVariable] ?? "");
  return tag === "" ? "" : `_${tag.toUpperCase()}`;
}

/** HCP Terraform, formerly Terraform Cloud, and Terraform Enterprise (id-tokens.md section 9). */
export const terraformCloud: Platform = {
  name: "terraform_cloud",
  title,
  signs: [
    { variable: "TFC_RUN_ID" },
    { variable: "TFC_WORKSPACE_NAME" },
    { variable: "TFC_WORKLOAD_IDENTITY_TOKEN" },
  ],
  tokens: {
    issuer: /^https:\/\/app\.terraform\.io$/,
    audienceHint:
      "It is the workspace variable TFC_WORKLOAD_IDENTITY_AUDIENCE, with _<TAG> for a tagged token.",
  },
  async fetchToken(request, deps, detected) {
    const tag = suffix(request.platform);
    const variable = `TFC_WORKLOAD_IDENTITY_TOKEN${tag}`;
    const found = takeVariable([variable], request, deps, title);
    if (found !== undefined) return found;
    throw explainMissingToken(terraformCloud, request, detected, {
      missing: `the variable ${variable}`,
      meaning: "the workspace asks for none",
      hint: [
        "Add to the workspace, as a variable of the category environment (Variables > Add variable):",
        `  TFC_WORKLOAD_IDENTITY_AUDIENCE${tag} = ${quoteUntrusted(request.audience) || "<audience of the token resource, else the name of the cluster>"}`,
        ...(tag === "" ? [`For a tagged token set ${tagVariable} to the tag as well.`] : []),
      ],
    });
  },
};
