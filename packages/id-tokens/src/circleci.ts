import { IdTokenError } from "./errors.ts";
import { audienceMismatch } from "./mismatch.ts";
import { explainMissingToken, yamlKey } from "./missing-token.ts";
import { audiencesOf, takeToken, takeVariable } from "./take-token.ts";
import { runTokenProgram } from "./token-program.ts";
import type { IdTokenDeps, IdTokenRequest, Platform, RawIdToken } from "./types.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

const title = "CircleCI";

/** The first is what tbot reads; the second has more in its subject, which no rule looks at. */
const variables = ["CIRCLE_OIDC_TOKEN", "CIRCLE_OIDC_TOKEN_V2"];

/** CircleCI (id-tokens.md section 4, platform-plugins.md section 4.3). */
export const circleci: Platform = {
  name: "circleci",
  title,
  signs: [
    { variable: "CIRCLECI", value: "true" },
    { variable: "CIRCLE_WORKFLOW_ID" },
    { variable: "CIRCLE_BUILD_NUM" },
    { variable: "CIRCLE_OIDC_TOKEN" },
  ],
  tokens: {
    issuer: /^https:\/\/oidc\.circleci\.com\/org\/[^/]+$/,
    onlyIssuer: "https://oidc.circleci.com/org/<organization id>",
    audienceHint:
      "CircleCI puts in the organization's id, which is what clusters require: leave the input audience out.",
    check(claims, source) {
      const organization = String(claims["iss"]).split("/").pop() ?? "";
      if ([claims["aud"]].flat().includes(organization)) return;
      throw audienceMismatch(
        claims,
        source,
        `the organization's id, "${quoteUntrusted(organization)}"`,
        circleci.tokens.audienceHint,
      );
    },
  },
  async fetchToken(request, deps, detected) {
    const found = takeVariable(variables, request, deps, title);
    const { audience } = request;
    if (found !== undefined && (audience === "" || audiencesOf(found.token.reveal()).includes(audience))) {
      return found;
    }
    const made = (await askCli(request, deps)) ?? found;
    if (made !== undefined) return made;
    const { platform: environment } = request;
    if (environment["CIRCLE_PR_REPONAME"]) throw forkedPullRequest();
    throw explainMissingToken(circleci, request, detected, {
      missing: "the variable CIRCLE_OIDC_TOKEN",
      meaning: "CircleCI set none and its command line could not be asked",
      hint: [
        "CircleCI sets it by itself in most jobs. Where it does not, give the job a context, in .circleci/config.yml:",
        "  workflows:",
        "    <workflow>:",
        "      jobs:",
        `        - ${yamlKey(environment["CIRCLE_JOB"], "<job>")}:`,
        "            context: [<any context>]",
        "CircleCI Server has ID tokens from 4.4 on. Pass the variable on into docker run and sudo.",
      ],
    });
  },
};

/** Lets CircleCI's own program make a token; undefined when there is no such program or no audience to ask for. */
async function askCli(request: IdTokenRequest, deps: IdTokenDeps): Promise<RawIdToken | undefined> {
  const audience = request.audience || request.platform["CIRCLE_ORGANIZATION_ID"]?.trim();
  if (!audience) return undefined;
  const output = await runTokenProgram(
    {
      program: "circleci",
      args: ["run", "oidc", "get", "--claims", JSON.stringify({ aud: audience })],
      origin: " (run oidc get)",
      hint: "CircleCI makes tokens only inside of a running job, and not for builds of forks.",
    },
    { ...deps, environment: request.platform },
  );
  return output === undefined ? undefined : takeToken(output, `${title} (circleci run oidc get)`, deps);
}

function forkedPullRequest(): IdTokenError {
  return new IdTokenError({
    code: "ERR_IDTOKEN_FORK_PULL_REQUEST",
    kind: "denied",
    message:
      "CircleCI gave this job no ID token: it builds a pull request from a fork, and such builds get no secrets.",
    hint: 'Skip the join for forks, or switch on "Pass secrets to builds from forked pull requests" (Project Settings, Advanced) if the code of forks may act as this bot.',
  });
}
