/** What a flag of tbot is to a one-shot join. */
type TbotFlag = { name: string; short?: string; isSwitch?: true; isRepeatable?: true } & (
  | { /** The input that it is another name of. */ input: string }
  | { /** Why nothing comes of it. */ noEffect: string }
  | { /** Why it cannot be. */ refused: string }
);

const boundKeypair = "the join method bound_keypair is not one that bot-join can perform";

const noReaders =
  "bot-join sets no access control lists; let the readers' user run the job, or copy the files";

/** Flags that tbot shares between the forms of `start`, but for those that are named as our inputs (outputs.md section 10). */
export const tbotFlags: readonly TbotFlag[] = [
  { name: "proxy-server", input: "proxy" },
  { name: "auth-server", short: "a", input: "proxy" },
  { name: "destination", input: "directory" },
  { name: "destination-dir", input: "directory" },
  { name: "storage", input: "data-dir" },
  { name: "renewal-interval", noEffect: "a one-shot run renews once, at its start" },
  { name: "diag-addr", noEffect: "a one-shot join serves nothing" },
  { name: "pid-file", noEffect: "a one-shot join ends before anyone could ask for it" },
  { name: "log-format", noEffect: "the log is text on standard error" },
  { name: "trace", isSwitch: true, noEffect: "bot-join sends no traces" },
  { name: "trace-exporter", noEffect: "bot-join sends no traces" },
  { name: "reader-user", isRepeatable: true, refused: noReaders },
  { name: "reader-group", isRepeatable: true, refused: noReaders },
  { name: "scoped", isSwitch: true, refused: "joins into a scope are not possible" },
  {
    name: "include-federated-trust-bundles",
    isSwitch: true,
    refused: "bot-join has no way to ask for the bundles of other trust domains",
  },
  { name: "join-uri", refused: "give --proxy-server, --token and --join-method" },
  { name: "registration-secret", refused: boundKeypair },
  { name: "registration-secret-path", refused: boundKeypair },
  { name: "static-key-path", refused: boundKeypair },
];
