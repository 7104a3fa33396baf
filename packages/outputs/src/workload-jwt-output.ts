import type { Secret } from "@bot-join/core";
import type { OutputFiles } from "./output-files.ts";

/** Renders the one file of a `workload-identity-jwt` output: the compact JWT, without a newline (outputs.md section 7.2). */
export function renderWorkloadJwtOutput(jwt: Secret): OutputFiles {
  return new Map([["jwt_svid", jwt.reveal()]]);
}
