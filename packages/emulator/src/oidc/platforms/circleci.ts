import type { Platform } from "./platform.ts";

/** CircleCI (id-tokens.md section 4). */
export const circleci: Platform = {
  joinMethod: "circleci",
  issuer: "https://oidc.circleci.com/org/0b6f3b8a-2f8e-4b35-9d10-5f7c2d9a1e44",
  issuerPattern: /^https:\/\/oidc\.circleci\.com\/org\/[^/]+$/,
  keysUrl: (issuer) => `${issuer}/.well-known/jwks-pub.json`,
  lifetimeSeconds: 3600,
  claims: {
    aud: "0b6f3b8a-2f8e-4b35-9d10-5f7c2d9a1e44",
    "oidc.circleci.com/context-ids": ["6fdc6a8c-0c3a-4b4b-9e5f-1d2c3b4a5968"],
    "oidc.circleci.com/project-id": "c2a1f0de-7b7e-4c64-8f3e-92d5f0b7a613",
    "oidc.circleci.com/vcs-origin": "github.com/acme/shop",
    "oidc.circleci.com/vcs-ref": "refs/heads/main",
    sub: "org/0b6f3b8a-2f8e-4b35-9d10-5f7c2d9a1e44/project/c2a1f0de-7b7e-4c64-8f3e-92d5f0b7a613/user/9a8b7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d",
  },
};
