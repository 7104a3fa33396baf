import { endpointUrl } from "./endpoint-url.ts";
import { requestToken } from "./http-token.ts";
import type { Platform } from "./types.ts";

const title = "Google Cloud";
const hostVariable = "GCE_METADATA_HOST";
const defaultHost = "metadata.google.internal";

/** The metadata server says so in every answer, and wants it said in every request. */
const flavor = "Google";

/** A machine or workload on Google Cloud (id-tokens.md section 11). No variable tells it from other machines. */
export const gcp: Platform = {
  name: "gcp",
  title,
  signs: [],
  tokens: {
    issuer: /^https:\/\/accounts\.google\.com$/,
    onlyIssuer: "https://accounts.google.com",
    audience: "teleport.cluster.local",
    audienceHint: "On every cluster it is this constant: leave the input audience out.",
  },
  overNetwork: true,
  async fetchToken(request, deps) {
    const host = request.platform[hostVariable]?.trim() || defaultHost;
    const path = "/computeMetadata/v1/instance/service-accounts/default/identity";
    // A host and maybe a port: with a path or a scheme in it the address would lead elsewhere.
    const address = /^[\w.:[\]-]+$/.test(host) ? `http://${host}${path}` : "";
    const url = endpointUrl(address, hostVariable, host);
    // Without format=full the claims that rules are about are left out.
    url.search = `audience=${encodeURIComponent(request.audience)}&format=full&licenses=FALSE`;
    const { openTunnel: _, ...direct } = deps;
    return requestToken(
      {
        title,
        url,
        method: "GET",
        headers: { "Metadata-Flavor": flavor },
        read: ({ headers, body }) =>
          headers["metadata-flavor"] !== flavor
            ? { fault: "without the header Metadata-Flavor: Google" }
            : body.trim() === ""
              ? { fault: "without a token" }
              : { token: body.trim() },
        hints: {
          unreachable: `Only machines and workloads on Google Cloud reach ${defaultHost}. Elsewhere set another join-method, or give a token with id-token-file or id-token-command.`,
          overloaded: "The metadata server could not serve the request just now: run the job again.",
          refused:
            "Attach a service account to the machine: gcloud compute instances set-service-account <instance> --service-account=<name>@<project>.iam.gserviceaccount.com. On GKE, bind the pod's service account to one.",
          invalid: `Something else than Google's metadata server answers at this address. Check ${hostVariable} and the name ${defaultHost}.`,
        },
      },
      // The metadata server is a neighbour: no HTTP proxy leads to it.
      direct,
    );
  },
};
