import type { Platform } from "./platform.ts";

/** Spacelift (id-tokens.md section 6). */
export const spacelift: Platform = {
  joinMethod: "spacelift",
  issuer: "https://acme.app.spacelift.io",
  issuerPattern: /^https:\/\/[^/]+\.spacelift\.io$/,
  keysUrl: (issuer) => `${issuer}/.well-known/jwks`,
  notBeforeSeconds: 0,
  lifetimeSeconds: 3600,
  claims: {
    aud: "acme.app.spacelift.io",
    sub: "space:legacy:stack:network-prod:run_type:TRACKED:scope:write",
    spaceId: "legacy",
    callerType: "stack",
    callerId: "network-prod",
    runType: "TRACKED",
    runId: "01J8ZB1R0T9V4K3M2N1P0QXYZA",
    scope: "write",
  },
};
