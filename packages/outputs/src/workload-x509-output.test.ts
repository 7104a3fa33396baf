import { Secret } from "@bot-join/core";
import { expect, test } from "vitest";
import { recorded } from "./test-support.ts";
import { renderWorkloadJwtOutput } from "./workload-jwt-output.ts";
import { renderWorkloadX509Output, type X509Svid } from "./workload-x509-output.ts";

const crl = "-----BEGIN X509 CRL-----\nMA==\n-----END X509 CRL-----\n";
const leaf = recorded("identity", "tlscert");
const own = recorded("identity", "teleport-host-ca.crt");
const federated = recorded("identity", "teleport-user-ca.crt");

function svid(over: Partial<X509Svid> = {}): X509Svid {
  return {
    privateKeyPem: new Secret(recorded("identity", "key")),
    certificateChainPem: [leaf],
    bundlePem: [own],
    federatedBundlesPem: [],
    crlPem: [],
    ...over,
  };
}

test("key, certificate and bundle, in the order in which they are written", () => {
  expect([...renderWorkloadX509Output(svid())]).toEqual([
    ["svid_key.pem", recorded("identity", "key")],
    ["svid.pem", leaf],
    ["svid_bundle.pem", own],
  ]);
});

test("chain after leaf, federated authorities after local ones, CRLs where there are any", () => {
  const files = renderWorkloadX509Output(
    svid({
      certificateChainPem: [leaf.trimEnd(), own],
      federatedBundlesPem: [federated],
      crlPem: [crl, crl.trimEnd()],
    }),
  );
  expect(files.get("svid.pem")).toBe(leaf + own);
  expect(files.get("svid_bundle.pem")).toBe(own + federated);
  expect(files.get("svid_crl.pem")).toBe(crl + crl);
});

test("a JWT is written as it is, without a newline", () => {
  expect([...renderWorkloadJwtOutput(new Secret("a.b.c"))]).toEqual([["jwt_svid", "a.b.c"]]);
});
