/** Output types of tbot that a one-shot join has not, and why (outputs.md section 1.1). */
export const refusedOutputs: Readonly<Record<string, string>> = {
  "application-tunnel": "a tunnel is a service that runs on; use an output of type application",
  "application-proxy": "a proxy is a service that runs on; use an output of type application",
  "database-tunnel": "a tunnel is a service that runs on; use an output of type database",
  "ssh-multiplexer": "a multiplexer is a service that runs on; the identity output has an ssh_config",
  "workload-identity-api": "a SPIFFE socket is a service that runs on; use workload-identity-x509 or -jwt",
  "spiffe-workload-api": "a SPIFFE socket is a service that runs on; use workload-identity-x509 or -jwt",
  "spiffe-svid": "Teleport has replaced it by workload identities; use workload-identity-x509 or -jwt",
  "workload-identity-aws-roles-anywhere":
    "it renews AWS credentials as a service; use workload-identity-x509",
  "kubernetes/argo-cd": "it keeps secrets of an Argo CD in its cluster; use kubernetes/v2",
  example: "it is tbot's own, for its tests",
};
