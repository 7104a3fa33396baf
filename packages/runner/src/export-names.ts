/** The names of the variables that a join exports; what is undefined is not exported. */
export interface ExportNames {
  identityFile: string;
  proxy: string;
  authServer: string | undefined;
  sshConfig: string;
  kubeconfig: string;
}

/** Tells whether a text can name an identity: 1 to 64 letters, digits, `-`, `_` and `.`, a letter or digit first. */
export function isIdentityId(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text);
}

/**
 * Gives the variable names for an identity (architecture.md section 6): for `default` those that Teleport's tools read,
 * otherwise `BOT_JOIN_<ID>_…`, the id in upper case with `_` for every other sign.
 */
export function exportNames(id: string): ExportNames {
  if (id === "default") {
    return {
      identityFile: "TELEPORT_IDENTITY_FILE",
      proxy: "TELEPORT_PROXY",
      authServer: "TELEPORT_AUTH_SERVER",
      sshConfig: "TELEPORT_SSH_CONFIG",
      kubeconfig: "KUBECONFIG",
    };
  }
  const prefix = `BOT_JOIN_${id.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
  return {
    identityFile: `${prefix}_IDENTITY_FILE`,
    proxy: `${prefix}_PROXY`,
    authServer: undefined,
    sshConfig: `${prefix}_SSH_CONFIG`,
    kubeconfig: `${prefix}_KUBECONFIG`,
  };
}

/** Tells a variable that some join exported under an id from one that configures a join. */
export function isExportedName(variable: string): boolean {
  return /^BOT_JOIN_.+_(IDENTITY_FILE|PROXY|SSH_CONFIG|KUBECONFIG)$/.test(variable);
}
