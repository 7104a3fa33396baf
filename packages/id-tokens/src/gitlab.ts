import { decodeJwt } from "jose";
import { audienceMismatch } from "./mismatch.ts";
import { explainMissingToken, yamlKey } from "./missing-token.ts";
import { audiencesOf, takeVariable } from "./take-token.ts";
import type { IdTokenRequest, Platform, PlatformEnvironment } from "./types.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

const title = "GitLab CI";

/** The variable that tbot reads, and that every guide names. */
const defaultVariable = "TBOT_GITLAB_JWT";

/** Set by GitLab before 17, for an audience that no cluster takes. */
const legacyVariables = ["CI_JOB_JWT", "CI_JOB_JWT_V1", "CI_JOB_JWT_V2"];

const namesOf = ({ given }: IdTokenRequest): readonly string[] =>
  given?.idTokenVariables ?? [defaultVariable];

/** GitLab CI (id-tokens.md section 3). */
export const gitlab: Platform = {
  name: "gitlab",
  title,
  signs: [
    { variable: "GITLAB_CI", value: "true" },
    { variable: "CI_SERVER_URL" },
    { variable: "CI_PROJECT_PATH" },
    { variable: "CI_JOB_ID" },
  ],
  tokens: {
    issuer: /^https:\/\/gitlab\.com$/,
    audienceHint: "It is the aud under id_tokens of the job in .gitlab-ci.yml.",
    check(claims, source) {
      const given = [claims["aud"]].flat().filter((value) => typeof value === "string");
      // No cluster's name is a URL or has a port: it is a part of host names.
      if (given.length === 0 || given.some((value) => !/:\/\/|:\d+$/.test(value))) return;
      throw audienceMismatch(
        claims,
        source,
        "the name of the cluster alone, without https:// and without a port",
        gitlab.tokens.audienceHint,
      );
    },
  },
  namesVariable: true,
  async fetchToken(request, deps, detected) {
    const found = takeVariable(namesOf(request), request, deps, title);
    if (found !== undefined) return found;
    const { platform: environment, audience } = request;
    const names = namesOf(request).map((name) => quoteUntrusted(name));
    const file = quoteUntrusted(environment["CI_CONFIG_PATH"] ?? "") || ".gitlab-ci.yml";
    const legacy = legacyVariables.filter((name) => environment[name]);
    const others = otherTokens(environment, [...names, ...legacyVariables]);
    throw explainMissingToken(gitlab, request, detected, {
      missing: `the variable ${names.join(", ")}`,
      meaning: "id_tokens of the job does not name it",
      hint: [
        `Add to ${file}, at the job or under default:`,
        `  ${yamlKey(environment["CI_JOB_NAME"], "<job>")}:`,
        "    id_tokens:",
        `      ${yamlKey(names[0], defaultVariable)}:`,
        `        aud: ${yamlKey(audience, "<name of the cluster>")}`,
        "The aud is that name alone, without https:// and port.",
        "A job does not inherit id_tokens from other jobs, and GitLab before 15.7 has none.",
        ...legacy.map((name) => `${name} is there, but is not used: its audience is not the cluster.`),
        ...others.map((name) => `${name} holds an ID token: if it is meant, set id-token-variable: ${name}.`),
      ],
    });
  },
};

/** Names of further variables that hold an ID token of this GitLab. */
function otherTokens(environment: PlatformEnvironment, known: readonly string[]): string[] {
  return Object.entries(environment)
    .filter(([name, text]) => !known.includes(name) && audiencesOf(text ?? "").length > 0)
    .filter(([, text]) => decodeJwt(text ?? "").iss === environment["CI_SERVER_URL"])
    .map(([name]) => quoteUntrusted(name));
}
