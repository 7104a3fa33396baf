import type { Platform } from "./platform.ts";

/** A Kubernetes service account, by a token that is bound to its pod (id-tokens.md section 10). */
export const kubernetes: Platform = {
  joinMethod: "kubernetes",
  issuer: "https://kubernetes.default.svc.cluster.local",
  issuerPattern: /^https:\/\/(kubernetes\.|oidc\.eks\.|container\.googleapis\.com\/)/,
  keysUrl: (issuer) => `${issuer}/openid/v1/jwks`,
  notBeforeSeconds: 0,
  lifetimeSeconds: 600,
  claims: {
    // Always a list, even of one.
    aud: ["bot.test"],
    "kubernetes.io": {
      namespace: "ci",
      node: { name: "n1", uid: "11111111-2222-4333-8444-555555555555" },
      pod: { name: "runner-7c9d", uid: "66666666-7777-4888-8999-aaaaaaaaaaaa" },
      serviceaccount: { name: "deployer", uid: "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff" },
    },
    sub: "system:serviceaccount:ci:deployer",
  },
};
