import type { Platform } from "./platform.ts";

/** A virtual machine on Google Cloud (id-tokens.md section 11). */
export const gcp: Platform = {
  joinMethod: "gcp",
  issuer: "https://accounts.google.com",
  issuerPattern: /^https:\/\/accounts\.google\.com$/,
  keysUrl: () => "https://www.googleapis.com/oauth2/v3/certs",
  lifetimeSeconds: 3600,
  claims: {
    aud: "teleport.cluster.local",
    azp: "109876543210987654321",
    email: "ci@acme-prod.iam.gserviceaccount.com",
    email_verified: true,
    sub: "109876543210987654321",
    google: {
      compute_engine: {
        instance_creation_timestamp: 1766000000,
        instance_id: "5310427718264093175",
        instance_name: "runner-1",
        project_id: "acme-prod",
        project_number: 604418237755,
        zone: "us-west1-b",
      },
    },
  },
};
