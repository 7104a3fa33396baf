import { Secret } from "@bot-join/core";
import { endpointUrl } from "./endpoint-url.ts";
import { IdTokenError } from "./errors.ts";
import { requestToken, tokenAt } from "./http-token.ts";
import { explainMissingToken } from "./missing-token.ts";
import type { Platform, PlatformEnvironment } from "./types.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

const title = "Azure DevOps";
const uriVariable = "SYSTEM_OIDCREQUESTURI";
const credentialVariable = "SYSTEM_ACCESSTOKEN";

/** Azure DevOps Pipelines (id-tokens.md section 8, platform-plugins.md section 8.3). */
export const azureDevops: Platform = {
  name: "azure_devops",
  title,
  signs: [
    { variable: "TF_BUILD", value: "true" },
    { variable: uriVariable },
    { variable: "SYSTEM_COLLECTIONURI" },
    { variable: "SYSTEM_TEAMPROJECTID" },
  ],
  tokens: {
    issuer: /^https:\/\/vstoken\.dev\.azure\.com\/[^/]+$/,
    onlyIssuer: "https://vstoken.dev.azure.com/<organization id>",
    audience: "api://AzureADTokenExchange",
    audienceHint: "Azure DevOps puts in this constant, which clusters require: leave the input audience out.",
    check: checkSubject,
  },
  overNetwork: true,
  async fetchToken(request, deps, detected) {
    const { platform: environment } = request;
    const credential = credentialOf(environment);
    if (credential !== undefined) deps.onSecret(credential);
    const uri = uriOf(environment);
    if (credential === undefined || uri === "") {
      throw explainMissingToken(
        azureDevops,
        request,
        detected,
        missing(environment, credential === undefined),
      );
    }
    const url = endpointUrl(uri, uriVariable);
    url.searchParams.set("api-version", "7.1");
    return requestToken(
      {
        title,
        url,
        method: "POST",
        headers: { "Content-Type": "application/json", "Content-Length": "0" },
        credential,
        read: tokenAt("oidcToken"),
        // Both lead to a page to sign in, instead of saying that the credential is not taken.
        refusals: [203, 302],
        hints: {
          unreachable:
            "Check that the agent reaches this address. HTTPS_PROXY and NO_PROXY are obeyed; for a certificate of your own set NODE_EXTRA_CA_CERTS.",
          overloaded:
            "Azure DevOps could not serve the request just now: run the job again, and look at status.dev.azure.com if it persists.",
          refused: `The credential belongs to one running job: check that ${credentialVariable} is $(System.AccessToken) of this very job, and not a personal access token.`,
          invalid: `Something between the agent and Azure DevOps seems to answer in its place (a proxy or a login page). Check what ${uriVariable} leads to from the agent.`,
        },
      },
      deps,
    );
  },
};

/** The job's access token: as mapped for a script, else out of the connection that the agent gives to tasks. */
function credentialOf(environment: PlatformEnvironment): Secret | undefined {
  const texts = [
    environment[credentialVariable],
    environment["ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN"],
    accessTokenIn(environment["ENDPOINT_AUTH_SYSTEMVSSCONNECTION"] ?? ""),
  ];
  const text = texts
    .map((value) => value?.trim() ?? "")
    .find((value) => value !== "" && !isUnexpanded(value));
  return text === undefined ? undefined : new Secret(text);
}

/** A macro that the agent could not expand arrives as it was written. */
function isUnexpanded(value: string): boolean {
  return value.startsWith("$(");
}

function accessTokenIn(connection: string): string | undefined {
  try {
    const token: unknown = JSON.parse(connection)?.parameters?.AccessToken;
    return typeof token === "string" ? token : undefined;
  } catch {
    return undefined; // Then it is as if there were none; the text holds a credential and is not quoted.
  }
}

/** The address of the token endpoint: as the agent gives it, else put together from the job's other variables. */
function uriOf(environment: PlatformEnvironment): string {
  const get = (name: string): string => environment[name]?.trim() ?? "";
  if (get(uriVariable) !== "") return get(uriVariable);
  const collection = get("SYSTEM_COLLECTIONURI") || get("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI");
  const [project, type, plan, job] = ["TEAMPROJECTID", "HOSTTYPE", "PLANID", "JOBID"].map((name) =>
    get(`SYSTEM_${name}`),
  );
  if (!collection || !project || !type || !plan || !job) return "";
  const hub = ["build", "checks"].includes(type) ? type : "rm";
  return `${collection.replace(/\/$/, "")}/${project}/_apis/distributedtask/hubs/${hub}/plans/${plan}/jobs/${job}/oidctoken`;
}

function missing(
  environment: PlatformEnvironment,
  lacksCredential: boolean,
): Parameters<typeof explainMissingToken>[3] {
  if (!lacksCredential) {
    return {
      missing: `the variable ${uriVariable}`,
      meaning:
        "the agent is too old, or the variable was not passed on into a container or another user's shell",
      hint: [
        "Pass it on, or update the agent. In docker run:",
        `  -e ${uriVariable} -e ${credentialVariable}`,
      ],
    };
  }
  const isMacro = isUnexpanded(environment[credentialVariable] ?? "");
  return {
    missing: isMacro ? `the value of ${credentialVariable}` : `the variable ${credentialVariable}`,
    meaning: isMacro
      ? "the step maps it to a macro $(…) that the agent does not know"
      : "the step does not map the job's access token, which is never passed by itself",
    hint: [
      "Add to the step in the pipeline's YAML, to each one that joins:",
      "  - script: …",
      "    env:",
      `      ${credentialVariable}: $(System.AccessToken)`,
      'In a classic pipeline, switch on "Allow scripts to access the OAuth token" for the agent job.',
    ],
  };
}

/** Clusters take the tokens of pipelines only, and of these only with project and pipeline in the subject. */
function checkSubject(claims: Record<string, unknown>, source: string): void {
  const subject = claims["sub"];
  if (typeof subject !== "string" || /^p:\/\/[^/]+\/[^/]+\/[^/]+$/.test(subject)) return;
  const isConnection = subject.startsWith("sc://");
  throw new IdTokenError({
    code: "ERR_IDTOKEN_SUBJECT_UNSUITABLE",
    kind: "user",
    message: `The ID token from ${source} is for "${quoteUntrusted(subject)}" (claim "sub"), and clusters take only p://<organization>/<project>/<pipeline>.`,
    hint: isConnection
      ? "This is the token of a service connection: ask for that of the pipeline, without serviceConnectionId."
      : "Clusters refuse a pipeline whose subject has another form, such as one inside a folder: move the pipeline out of it.",
  });
}
