import type { Platform } from "./platform.ts";

/** env0 (id-tokens.md section 7). */
export const env0: Platform = {
  joinMethod: "env0",
  issuer: "https://login.app.env0.com/",
  issuerPattern: /^https:\/\/login\.app\.env0\.com\/$/,
  keysUrl: (issuer) => `${issuer}.well-known/jwks.json`,
  lifetimeSeconds: 86400,
  claims: {
    sub: "auth0|63f0c1d2a4b5c6d7e8f90a1b",
    aud: ["https://prod.env0.com"],
    apiKeyType: "oidc",
    organizationId: "41d7c0e8-6b2f-4a93-8d15-c7e09f3b2a64",
    projectId: "5e2ab3a1-0f1e-4c9d-8b7a-6f5e4d3c2b1a",
    projectName: "payments",
    templateId: "a1b2c3d4-e5f6-4789-90ab-cdef01234567",
    templateName: "vpc",
    environmentId: "0fedcba9-8765-4321-8fed-cba987654321",
    environmentName: "prod-vpc",
    workspaceName: "prod-vpc-84321",
    deploymentLogId: "7d6c5b4a-3928-4716-8504-f3e2d1c0b9a8",
    deploymentType: "deploy",
    deployerEmail: "dana@example.com",
    env0Tag: "teleport",
  },
};
