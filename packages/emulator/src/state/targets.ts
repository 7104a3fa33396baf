import type {
  AppResource,
  DatabaseResource,
  KubeClusterResource,
  RemoteClusterResource,
  TargetResource,
  WorkloadIdentityResource,
} from "@bot-join/resources";

/** What can be reached, or been, through a cluster, each kind by name. */
export class Targets {
  readonly kubeClusters: Map<string, KubeClusterResource> = new Map();
  readonly apps: Map<string, AppResource> = new Map();
  readonly databases: Map<string, DatabaseResource> = new Map();
  readonly remoteClusters: Map<string, RemoteClusterResource> = new Map();
  readonly workloadIdentities: Map<string, WorkloadIdentityResource> = new Map();

  /** Registers a target, or replaces the one of that name. */
  add(target: TargetResource): void {
    if (target.kind === "kube_cluster") this.kubeClusters.set(target.name, target);
    else if (target.kind === "app") this.apps.set(target.name, target);
    else if (target.kind === "db") this.databases.set(target.name, target);
    else if (target.kind === "remote_cluster") this.remoteClusters.set(target.name, target);
    else this.workloadIdentities.set(target.name, target);
  }

  clear(): void {
    const { kubeClusters, apps, databases, remoteClusters, workloadIdentities } = this;
    for (const memory of [kubeClusters, apps, databases, remoteClusters, workloadIdentities]) memory.clear();
  }
}
