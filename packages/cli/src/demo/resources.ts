/** The names of everything that the demo's cluster holds. */
export const demo = {
  cluster: "demo.test",
  bot: "deployer",
  role: "demo-access",
  token: "demo-github",
  node: "web-1",
  repository: "octo-org/shop",
  environment: "production",
  issuer: "https://token.actions.githubusercontent.com",
} as const;

/** The demo's documents, as `tctl create -f` would take them: a role that allows one login, a bot, a join token. */
export function demoResources(login: string): string {
  return `kind: role
version: v7
metadata: {name: ${demo.role}}
spec:
  allow:
    logins: [${JSON.stringify(login)}]
    node_labels: {'*': '*'}
---
kind: bot
version: v1
metadata: {name: ${demo.bot}}
spec:
  roles: [${demo.role}]
---
kind: token
version: v2
metadata: {name: ${demo.token}}
spec:
  roles: [Bot]
  bot_name: ${demo.bot}
  join_method: github
  github:
    allow:
    - repository: octo-org/tools
    - repository: ${demo.repository}
      environment: ${demo.environment}
`;
}
