import { formatGoDuration } from "./go-duration.ts";
import type {
  AppResource,
  DatabaseResource,
  KubeClusterResource,
  RemoteClusterResource,
  TargetResource,
  WorkloadIdentityResource,
} from "./targets.ts";
import { withoutEmpty } from "./without-empty.ts";

/** Turns a target into its document as a plain value. */
export function targetDocument(target: TargetResource): object {
  const { kind, version, name, description, labels } = target;
  const metadata = withoutEmpty({ name, description, labels });
  return withoutEmpty({ kind, version, metadata, spec: specOf(target) });
}

function specOf(target: TargetResource): Record<string, unknown> {
  switch (target.kind) {
    case "kube_cluster":
      return kubeSpec(target);
    case "app":
      return appSpec(target);
    case "db":
      return databaseSpec(target);
    case "remote_cluster":
      return remoteSpec(target);
    case "workload_identity":
      return workloadSpec(target);
  }
}

function kubeSpec({ kubeconfig }: KubeClusterResource): Record<string, unknown> {
  return kubeconfig === undefined ? {} : { kubeconfig: Buffer.from(kubeconfig).toString("base64") };
}

function appSpec({ uri, publicAddr, insecureSkipVerify }: AppResource): Record<string, unknown> {
  return withoutEmpty({
    uri,
    public_addr: publicAddr,
    insecure_skip_verify: insecureSkipVerify || undefined,
  });
}

function databaseSpec({ protocol, uri, tls }: DatabaseResource): Record<string, unknown> {
  return {
    protocol,
    uri,
    tls: withoutEmpty({ mode: tls.mode, ca_cert: tls.caCert, server_name: tls.serverName }),
  };
}

function remoteSpec({ nodes }: RemoteClusterResource): Record<string, unknown> {
  return withoutEmpty({ nodes });
}

function workloadSpec({ allow, spiffe }: WorkloadIdentityResource): Record<string, unknown> {
  const ttl = (ms: number | undefined): string | undefined =>
    ms === undefined ? undefined : formatGoDuration(ms);
  const rules = allow.map((conditions) => ({
    conditions: conditions.map(({ attribute, operator, values }) => ({
      attribute,
      [operator]: operator === "eq" || operator === "not_eq" ? { value: values[0] } : { values },
    })),
  }));
  return withoutEmpty({
    rules: withoutEmpty({ allow: rules }),
    spiffe: withoutEmpty({
      id: spiffe.id,
      hint: spiffe.hint,
      x509: withoutEmpty({ dns_sans: spiffe.dnsSans, maximum_ttl: ttl(spiffe.x509MaxTtlMs) }),
      jwt: withoutEmpty({ maximum_ttl: ttl(spiffe.jwtMaxTtlMs) }),
    }),
  });
}
