import { type Authority, endLine } from "./output-identity.ts";

/** Renders a `teleport-*-ca.crt`: the PEM of every authority, active keys before additional ones (outputs.md section 3.3). */
export function renderCaBundle(authorities: Authority[]): string {
  return authorities
    .flatMap((authority) => authority.tlsCertificates)
    .map(endLine)
    .join("");
}
