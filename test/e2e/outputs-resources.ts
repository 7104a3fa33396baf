/** A cluster with something of every kind that an output can be for; its one bot has the role `deployer`. */
export const targetResources = `
kind: role
version: v7
metadata: {name: deployer}
spec:
  allow:
    logins: [deploy]
    node_labels: {'*': '*'}
    app_labels: {'*': '*'}
    db_labels: {'*': '*'}
    db_users: ['*']
    db_names: ['*']
    kubernetes_labels: {env: prod}
    kubernetes_groups: [system:masters]
    cluster_labels: {'*': '*'}
    workload_identity_labels: {'*': '*'}
    rules:
    - {resources: [host_cert], verbs: [create]}
  options: {max_session_ttl: 8h}
---
kind: bot
version: v1
metadata: {name: robot}
spec: {roles: [deployer]}
---
kind: token
version: v2
metadata: {name: ghcom}
spec:
  roles: [Bot]
  bot_name: robot
  join_method: github
  github: {allow: [{repository: acme/shop}]}
---
kind: kube_cluster
version: v3
metadata: {name: prod-eu, labels: {env: prod, teleport.internal/discovered-name: eu}}
---
kind: kube_cluster
version: v3
metadata: {name: prod-us, labels: {env: prod}}
---
kind: kube_cluster
version: v3
metadata: {name: lab, labels: {env: dev}}
---
kind: app
version: v3
metadata: {name: grafana}
spec: {uri: 'http://127.0.0.1:1'}
---
kind: db
version: v3
metadata: {name: orders}
spec: {protocol: postgres, uri: '127.0.0.1:5432'}
---
kind: db
version: v3
metadata: {name: cache}
spec: {protocol: redis, uri: '127.0.0.1:6379'}
---
kind: remote_cluster
version: v3
metadata: {name: leaf.test}
`;

/** What only servers from version 17 on take. */
export const workloadResources = `
kind: workload_identity
version: v1
metadata: {name: api, labels: {team: shop}}
spec: {spiffe: {id: /svc/api}}
---
kind: workload_identity
version: v1
metadata: {name: web, labels: {team: shop}}
spec: {spiffe: {id: /svc/web}}
`;
