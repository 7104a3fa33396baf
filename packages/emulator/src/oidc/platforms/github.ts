import { githubClaims } from "../../github-job/claims.ts";
import type { Platform } from "./platform.ts";

/** GitHub Actions (id-tokens.md section 2.2). */
export const github: Platform = {
  joinMethod: "github",
  issuer: "https://token.actions.githubusercontent.com",
  issuerPattern: /^https:\/\/(token\.actions\.githubusercontent\.com(\/[^/]+)?|[^/]+\/_services\/token)$/,
  keysUrl: (issuer) => `${issuer}/.well-known/jwks`,
  notBeforeSeconds: -600,
  lifetimeSeconds: 300,
  claims: { aud: "teleport.cluster.local", ...githubClaims() },
};
