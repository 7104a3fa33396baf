/** The outputs of the action and of `bot-join start` (architecture.md section 6): paths and facts, never a secret. */
export const outputTable: readonly { name: string; help: string }[] = [
  { name: "directory", help: "Folder that holds the files." },
  { name: "destination-dir", help: "The same as directory, as teleport-actions/auth calls it." },
  { name: "identity-file", help: "Path of the identity file, for tsh, tctl, Terraform and the SDKs." },
  { name: "ssh-config", help: "Path of the OpenSSH configuration, for ssh -F." },
  { name: "known-hosts", help: "Path of the known_hosts file." },
  { name: "kubeconfig", help: "Path of the kubeconfig, when one was written." },
  {
    name: "certificate-file",
    help: "Path of the client certificate in PEM: that of the first application or database, else of the identity.",
  },
  { name: "key-file", help: "Path of the private key of that certificate." },
  { name: "cluster", help: "Name of the cluster." },
  { name: "bot", help: "Name of the bot, without the prefix bot- of its user." },
  { name: "bot-instance-id", help: "Id of the bot instance, where the cluster gives one." },
  { name: "roles", help: "Roles of the identity, comma-separated." },
  { name: "logins", help: "Logins that the identity may use, comma-separated." },
  { name: "expires-at", help: "When the certificates expire, RFC 3339 in UTC." },
];
