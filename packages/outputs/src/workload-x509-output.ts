import type { Secret } from "@bot-join/core";
import type { OutputFiles } from "./output-files.ts";
import { endLine } from "./output-identity.ts";

/** An X.509 SVID and what verifies its peers; every entry is the PEM of one certificate or CRL. */
export interface X509Svid {
  /** PKCS#8. */
  privateKeyPem: Secret;
  /** The leaf, then the certificates between it and its authority. */
  certificateChainPem: string[];
  /** The authorities of the local trust domain. */
  bundlePem: string[];
  /** The authorities of federated trust domains, where they are asked for. */
  federatedBundlesPem: string[];
  crlPem: string[];
}

function joined(blocks: string[]): string {
  return blocks.map(endLine).join("");
}

/** Renders the files of a `workload-identity-x509` output; `svid_crl.pem` only where there are CRLs (outputs.md section 7.2). */
export function renderWorkloadX509Output(svid: X509Svid): OutputFiles {
  const files: OutputFiles = new Map([
    ["svid_key.pem", endLine(svid.privateKeyPem.reveal())],
    ["svid.pem", joined(svid.certificateChainPem)],
    ["svid_bundle.pem", joined([...svid.bundlePem, ...svid.federatedBundlesPem])],
  ]);
  if (svid.crlPem.length > 0) files.set("svid_crl.pem", joined(svid.crlPem));
  return files;
}
