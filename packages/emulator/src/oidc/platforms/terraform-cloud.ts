import type { Platform } from "./platform.ts";

/** HCP Terraform and Terraform Enterprise (id-tokens.md section 9). */
export const terraformCloud: Platform = {
  joinMethod: "terraform_cloud",
  issuer: "https://app.terraform.io",
  issuerPattern: /^https:\/\/app\.terraform\.io$/,
  keysUrl: (issuer) => `${issuer}/.well-known/jwks`,
  notBeforeSeconds: -5,
  lifetimeSeconds: 7200,
  claims: {
    aud: "bot.test",
    sub: "organization:acme:project:Core:workspace:network:run_phase:apply",
    terraform_organization_id: "org-Qk2vZr8TnYw4LcPd",
    terraform_organization_name: "acme",
    terraform_project_id: "prj-7HsMb3XqEe9VuJRa",
    terraform_project_name: "Core",
    terraform_workspace_id: "ws-Dy6WfGt1NpKz5BcQ",
    terraform_workspace_name: "network",
    terraform_full_workspace: "organization:acme:project:Core:workspace:network",
    terraform_run_id: "run-Lm4RjVx8SaTo2HuE",
    terraform_run_phase: "apply",
  },
};
