/** How the base64 of a private key begins, whichever key it is: PKCS#8 and SEC 1 of P-256, PKCS#8 of RSA-2048. */
const keyBeginnings = [
  "MIGHAgEAMBMGByqGSM49AgEG",
  "MHcCAQEEI",
  "MIIEvQIBADANBgkqhkiG9w0BAQ",
  "MIIEvAIBADANBgkqhkiG9w0BAQ",
];

/** Names the secrets that a job's log shows: private keys, and the given ID tokens, whole or in part. */
export function secretsShown(log: string, idTokens: readonly string[]): string[] {
  const text = log.replaceAll(/\s+/g, "");
  const parts = idTokens.flatMap((token) => token.split(".").slice(1));
  return [
    ...(/BEGIN[A-Z]*PRIVATEKEY/.test(text) || keyBeginnings.some((beginning) => text.includes(beginning))
      ? ["a private key"]
      : []),
    ...(parts.some((part) => part !== "" && text.includes(part)) ? ["an ID token"] : []),
  ];
}
