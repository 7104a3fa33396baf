import { Secret } from "@bot-join/core";
import { endpointUrl } from "./endpoint-url.ts";
import { explainMissingRequest } from "./github-explain.ts";
import { requestToken, tokenAt } from "./http-token.ts";
import { loadGitHubContext } from "./load-github-context.ts";
import type { IdTokenDeps, IdTokenRequest, Platform, RawIdToken } from "./types.ts";

const title = "GitHub Actions";

/** GitHub Actions, also of GitHub Enterprise Server (id-tokens.md section 2). */
export const github: Platform = {
  name: "github",
  title,
  signs: [
    { variable: "GITHUB_ACTIONS", value: "true" },
    { variable: "ACTIONS_ID_TOKEN_REQUEST_URL" },
    { variable: "GITHUB_RUN_ID" },
    { variable: "GITHUB_WORKFLOW_REF" },
  ],
  tokens: {
    issuer: /^https:\/\/(token\.actions\.githubusercontent\.com(\/|$)|[^/]+\/_services\/token$)/,
    audience: "teleport.cluster.local",
    audienceHint:
      "On every cluster it is this constant, not the cluster's name: leave the input audience out.",
  },
  overNetwork: true,
  fetchToken: fetchGitHubToken,
};

async function fetchGitHubToken(request: IdTokenRequest, deps: IdTokenDeps): Promise<RawIdToken> {
  const address = request.platform["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? "";
  const credential = new Secret(request.platform["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] ?? "");
  if (credential.reveal() !== "") deps.onSecret(credential);
  if (address === "" || credential.reveal() === "") {
    throw explainMissingRequest(request.platform, await loadGitHubContext(request.platform));
  }
  const separator = address.includes("?") ? "&" : "?";
  const text = `${address}${separator}audience=${encodeURIComponent(request.audience)}`;
  return requestToken(
    {
      title,
      url: endpointUrl(text, "ACTIONS_ID_TOKEN_REQUEST_URL"),
      method: "GET",
      headers: { Accept: "application/json; api-version=2.0" },
      credential,
      read: tokenAt("value"),
      hints: {
        unreachable:
          "Check that the runner reaches this address. HTTPS_PROXY and NO_PROXY are obeyed; for a certificate of your own set NODE_EXTRA_CA_CERTS.",
        overloaded:
          "GitHub could not serve the request just now: run the job again, and look at githubstatus.com if it persists.",
        refused:
          "The credential of this request belongs to one running job: check that the job itself has the permission id-token: write, and that ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN were not carried over from another job.",
        invalid:
          "Something between the runner and GitHub seems to answer in its place (a proxy or a login page). Check what ACTIONS_ID_TOKEN_REQUEST_URL leads to from the runner.",
      },
    },
    deps,
  );
}
