import { audienceMismatch } from "./mismatch.ts";
import { explainMissingToken } from "./missing-token.ts";
import { takeToken, takeVariable } from "./take-token.ts";
import { readTokenFileIfThere } from "./token-file.ts";
import type { Platform } from "./types.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

const title = "Spacelift";
const variable = "SPACELIFT_OIDC_TOKEN";

/** Spacelift (id-tokens.md section 6), with the file that a run has its token in as well. */
export function createSpacelift(file: string): Platform {
  const spacelift: Platform = {
    name: "spacelift",
    title,
    signs: [{ variable }, { variable: "TF_VAR_spacelift_run_id" }, { variable: "TF_VAR_spacelift_stack_id" }],
    tokens: {
      issuer: /^https:\/\/[^/]+\.app\.spacelift\.io$/,
      audienceHint: "Spacelift puts in the account's host name; it cannot be chosen.",
      check(claims, source) {
        // Clusters require https://HOST as the issuer and HOST as the audience, both from one field.
        const host = String(claims["iss"] ?? "").replace(/^https:\/\//, "");
        if ([claims["aud"]].flat().includes(host)) return;
        throw audienceMismatch(
          claims,
          source,
          `the host of its issuer, "${quoteUntrusted(host)}"`,
          spacelift.tokens.audienceHint,
        );
      },
    },
    async fetchToken(request, deps, detected) {
      const found = takeVariable([variable], request, deps, title);
      if (found !== undefined) return found;
      const text = await readTokenFileIfThere(file, title, deps.signal);
      if (text !== undefined) return takeToken(text, `${title} (${file})`, deps);
      throw explainMissingToken(spacelift, request, detected, {
        missing: `the variable ${variable}`,
        meaning: `the account has no OIDC, or the environment was dropped; the file ${file} is not there either`,
        hint: [
          "Spacelift sets it in every run of a paid account, public and private workers alike: no line turns it on.",
          "In a local preview or a hook under another user, pass the environment on.",
        ],
      });
    },
  };
  return spacelift;
}

/** Spacelift, on its workers. */
export const spacelift: Platform = createSpacelift("/mnt/workspace/spacelift.oidc");
