import type { JoinMethod } from "./join-method.ts";

/** HCP Terraform (id-tokens.md section 9): the token resource names the audience, a workspace variable has it put in. */
export const terraformCloud: JoinMethod = { name: "terraform_cloud", proof: "id-token", audience: undefined };
