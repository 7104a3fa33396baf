import type { Platform } from "./platform.ts";

/** Azure DevOps Pipelines, whose organisations share their keys (id-tokens.md section 8.2). */
export const azureDevops: Platform = {
  joinMethod: "azure_devops",
  issuer: "https://vstoken.dev.azure.com/5f0c8f3e-1d2b-4a7c-9e6d-0b1a2c3d4e5f",
  issuerPattern: /^https:\/\/vstoken\.dev\.azure\.com\/[^/]+$/,
  keysUrl: () => "https://vstoken.dev.azure.com/.well-known/jwks",
  notBeforeSeconds: -600,
  lifetimeSeconds: 299,
  claims: {
    sub: "p://acme/platform/deploy-prod",
    aud: "api://AzureADTokenExchange",
    org_id: "5f0c8f3e-1d2b-4a7c-9e6d-0b1a2c3d4e5f",
    prj_id: "8a7b6c5d-4e3f-4210-9fed-cba098765432",
    def_id: "17",
    rpo_id: "acme/platform",
    rpo_uri: "https://github.com/acme/platform.git",
    rpo_ver: "d18f4c70a95e3b62871fd0c46ae92b5370e8f19d",
    rpo_ref: "refs/heads/main",
    run_id: "204",
  },
};
