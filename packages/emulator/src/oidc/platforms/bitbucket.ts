import type { Platform } from "./platform.ts";

/** Bitbucket Pipelines (id-tokens.md section 5). */
export const bitbucket: Platform = {
  joinMethod: "bitbucket",
  issuer: "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
  issuerPattern: /^https:\/\/api\.bitbucket\.org\/2\.0\/workspaces\/[^/]+\/pipelines-config\/identity\/oidc$/,
  keysUrl: (issuer) => `${issuer}/keys.json`,
  lifetimeSeconds: 3600,
  claims: {
    sub: "{3b1f7e52-90a1-4d0c-a1a7-0d7c5c1b2e34}:{7c0d9f5b-8a2e-4f1d-b3c6-5e4d3c2b1a09}",
    aud: "ari:cloud:bitbucket::workspace/f1e2d3c4-b5a6-4978-8899-aabbccddeeff",
    stepUuid: "{7c0d9f5b-8a2e-4f1d-b3c6-5e4d3c2b1a09}",
    repositoryUuid: "{3b1f7e52-90a1-4d0c-a1a7-0d7c5c1b2e34}",
    pipelineUuid: "{5a4b3c2d-1e0f-4a9b-8c7d-6e5f4a3b2c1d}",
    workspaceUuid: "{f1e2d3c4-b5a6-4978-8899-aabbccddeeff}",
    branchName: "main",
  },
};
