import { explainMissingToken, yamlKey } from "./missing-token.ts";
import { takeToken } from "./take-token.ts";
import { readTokenFileIfThere } from "./token-file.ts";
import type { Platform, PlatformEnvironment } from "./types.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

const title = "Kubernetes";
const pathVariable = "KUBERNETES_TOKEN_PATH";

function pathOf(environment: PlatformEnvironment): string {
  return environment[pathVariable]?.trim() || "/var/run/secrets/kubernetes.io/serviceaccount/token";
}

/** A pod's service account (id-tokens.md section 10). */
export const kubernetes: Platform = {
  name: "kubernetes",
  title,
  signs: [
    { variable: "KUBERNETES_SERVICE_HOST" },
    { variable: "KUBERNETES_SERVICE_PORT" },
    { variable: pathVariable },
  ],
  hostsOthers: true,
  tokens: {
    issuer: /^(https:\/\/kubernetes\.default\.svc\b.*|kubernetes\/serviceaccount)$/,
    audienceHint: "It is the audience of the projected serviceAccountToken in the pod's volumes.",
  },
  async fetchToken(request, deps, detected) {
    const path = pathOf(request.platform);
    const text = await readTokenFileIfThere(path, pathVariable, deps.signal);
    const shown = quoteUntrusted(path);
    if (text !== undefined) return takeToken(text, `${title} (${shown})`, deps);
    throw explainMissingToken(kubernetes, request, detected, {
      missing: `the file ${shown}`,
      meaning: "the pod mounts no service account token there",
      hint: [
        "Add to the pod's spec, mount the volume in the container with volumeMounts,",
        `and set ${pathVariable} to the mounted file (mountPath and /token):`,
        "  volumes:",
        "    - name: teleport-token",
        "      projected:",
        "        sources:",
        "          - serviceAccountToken:",
        "              path: token",
        `              audience: ${yamlKey(request.audience, "<name of the cluster>")}`,
        "              expirationSeconds: 600",
        "For a token resource of the type in_cluster the pod's own token does: leave automountServiceAccountToken on.",
      ],
    });
  },
};
