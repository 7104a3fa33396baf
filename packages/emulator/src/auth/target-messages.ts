import {
  type AppServerV3,
  AppServerV3Schema,
  type DatabaseServerV3,
  DatabaseServerV3Schema,
  type KubernetesClusterV3,
  KubernetesClusterV3Schema,
  type KubernetesServerV3,
  KubernetesServerV3Schema,
  type Metadata,
  MetadataSchema,
  type RemoteClusterV3,
  RemoteClusterV3Schema,
  type Rotation,
  RotationSchema,
  type ServerV2,
  ServerV2Schema,
  type WebSessionV2,
  WebSessionV2Schema,
} from "@bot-join/proto";
import type {
  AppResource,
  DatabaseResource,
  KubeClusterResource,
  RemoteClusterResource,
} from "@bot-join/resources";
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ClusterContext } from "../context.ts";
import type { EmulatedNode } from "../ssh-transport/nodes.ts";

const namespace = "default";
/** What an agent says of itself is forgotten when it does not say it again in time. */
const heartbeatMs = 10 * 60_000;
/** Go's zero time, which Go peers send for a time that was never set (user-certs.md, conventions). */
const zeroTime = { seconds: -62_135_596_800n, nanos: 0 };
/** The name under which a proxy's own Kubernetes service is registered (user-certs.md section 3.3). */
const kubeServiceHost = "remote.kube.proxy.teleport.cluster.local";

/** The rotation of an authority that has never been rotated. */
function noRotation(): Rotation {
  return create(RotationSchema, {
    started: zeroTime,
    lastRotated: zeroTime,
    schedule: { updateClients: zeroTime, updateServers: zeroTime, standby: zeroTime },
  });
}

function metadataOf(name: string, labels: Readonly<Record<string, string>> = {}): Metadata {
  return create(MetadataSchema, { name, namespace, labels: { ...labels } });
}

/** The metadata of something that an agent keeps registered. */
function heartbeatOf(context: ClusterContext, name: string, labels?: Record<string, string>): Metadata {
  const now = context.clock.now();
  const expires = timestampFromDate(new Date(now.getTime() + heartbeatMs));
  return { ...metadataOf(name, labels), expires };
}

/** The host name under which the proxy serves an application. */
export function appPublicAddress(context: ClusterContext, { name, publicAddr }: AppResource): string {
  return publicAddr ?? `${name}.${context.publicAddress.replace(/:\d+$/, "")}`;
}

/** Puts an application into the message of the server that offers it. */
export function appServerMessage(context: ClusterContext, app: AppResource): AppServerV3 {
  return create(AppServerV3Schema, {
    kind: "app_server",
    version: "v3",
    metadata: heartbeatOf(context, app.name),
    spec: {
      version: context.profile.serverVersion,
      hostname: context.hostName,
      hostId: context.hostId,
      rotation: noRotation(),
      app: {
        kind: "app",
        version: "v3",
        metadata: metadataOf(app.name, app.labels),
        spec: { uri: app.uri, publicAddr: appPublicAddress(context, app) },
      },
    },
  });
}

/** Puts a database into the message of the server that offers it. */
export function databaseServerMessage(context: ClusterContext, database: DatabaseResource): DatabaseServerV3 {
  return create(DatabaseServerV3Schema, {
    kind: "db_server",
    version: "v3",
    metadata: heartbeatOf(context, database.name),
    spec: {
      version: context.profile.serverVersion,
      hostname: context.hostName,
      hostId: context.hostId,
      rotation: noRotation(),
      database: {
        kind: "db",
        version: "v3",
        metadata: metadataOf(database.name, database.labels),
        spec: { protocol: database.protocol, uri: database.uri },
      },
    },
  });
}

/** Puts a Kubernetes cluster into its own message. */
export function kubeClusterMessage(cluster: KubeClusterResource): KubernetesClusterV3 {
  return create(KubernetesClusterV3Schema, {
    kind: "kube_cluster",
    version: "v3",
    metadata: metadataOf(cluster.name, cluster.labels),
  });
}

/** Puts a Kubernetes cluster into the message of the server that offers it. */
export function kubeServerMessage(context: ClusterContext, cluster: KubeClusterResource): KubernetesServerV3 {
  return create(KubernetesServerV3Schema, {
    kind: "kube_server",
    version: "v3",
    metadata: heartbeatOf(context, cluster.name),
    spec: {
      version: context.profile.serverVersion,
      hostname: kubeServiceHost,
      hostId: context.hostId,
      rotation: noRotation(),
      cluster: kubeClusterMessage(cluster),
    },
  });
}

/** Puts a machine into its message. */
export function nodeMessage(context: ClusterContext, node: EmulatedNode): ServerV2 {
  return create(ServerV2Schema, {
    kind: "node",
    version: "v2",
    metadata: heartbeatOf(context, node.uuid, node.labels ?? {}),
    spec: {
      addr: node.address,
      hostname: node.hostname,
      rotation: noRotation(),
      version: context.profile.serverVersion,
    },
  });
}

/** Puts a leaf cluster into its message; it is always there. */
export function remoteClusterMessage(context: ClusterContext, leaf: RemoteClusterResource): RemoteClusterV3 {
  return create(RemoteClusterV3Schema, {
    kind: "remote_cluster",
    version: "v3",
    metadata: metadataOf(leaf.name, leaf.labels),
    status: { connection: "online", lastHeartbeat: timestampFromDate(context.clock.now()) },
  });
}

/** Puts the session of an application certificate into its message. */
export function appSessionMessage(id: string, expires: Date): WebSessionV2 {
  return create(WebSessionV2Schema, {
    kind: "web_session",
    subKind: "app_session",
    version: "v2",
    metadata: { ...metadataOf(id), expires: timestampFromDate(expires) },
  });
}
