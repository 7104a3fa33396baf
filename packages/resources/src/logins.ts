import type { RoleResource, ValueLists } from "./model.ts";

/** Traits that Teleport itself sets, the only ones `internal.` may name. */
const internalTraits: ReadonlySet<string> = new Set([
  "logins",
  "windows_logins",
  "kubernetes_groups",
  "kubernetes_users",
  "db_names",
  "db_users",
  "db_roles",
  "aws_role_arns",
  "azure_identities",
  "gcp_service_accounts",
  "jwt",
]);

const templatePattern = /^([^{}]*)\{\{([^{}]*)\}\}([^{}]*)$/;
const variablePattern = /^\s*(internal|external)(?:\.([\w-]+)|\["([^"\\]+)"\])\s*$/;

/** Longest login in bytes (useradd(8)). */
const loginMaxBytes = 32;

/**
 * Resolves the logins that one role gives to a user with these traits: `{{internal.logins}}`,
 * `{{external.email}}` and `{{external["a b"]}}`, with text before and after. A variable without values yields
 * nothing, as does any other expression. Invalid logins and those that the role denies are dropped.
 */
export function expandLogins(role: RoleResource, traits: Readonly<ValueLists>): string[] {
  return expandRoleLogins([role], traits);
}

/** Resolves the logins of a role set: each once, in the order of the roles, without what any role denies. */
export function expandRoleLogins(roles: readonly RoleResource[], traits: Readonly<ValueLists>): string[] {
  const denied = new Set(roles.flatMap((role) => expandTraits(role.deny.logins, traits)));
  if (denied.has("*")) return [];
  const allowed = new Set(roles.flatMap((role) => expandTraits(role.allow.logins, traits)));
  return [...allowed].filter((login) => isLogin(login) && !denied.has(login));
}

/** Resolves the variables in a list of a role's values, as {@link expandLogins} does. */
export function expandTraits(written: readonly string[], traits: Readonly<ValueLists>): string[] {
  return written.flatMap((value) => {
    if (!/[{}]/.test(value)) return [value];
    const template = templatePattern.exec(value);
    if (template === null) return [];
    const [, before = "", expression = "", after = ""] = template;
    return variableValues(expression, traits).map((each) => `${before.trimStart()}${each}${after.trimEnd()}`);
  });
}

function variableValues(expression: string, traits: Readonly<ValueLists>): string[] {
  const variable = variablePattern.exec(expression);
  if (variable === null) return [];
  const name = variable[2] ?? variable[3] ?? "";
  if (variable[1] === "internal" && !internalTraits.has(name)) return [];
  return (Object.hasOwn(traits, name) ? (traits[name] ?? []) : []).filter((value) => value !== "");
}

/** Follows useradd(8) of Debian: no leading dash, no colon, no white space; a slash would break home folders. */
function isLogin(login: string): boolean {
  return (
    login !== "" &&
    Buffer.byteLength(login) <= loginMaxBytes &&
    !login.startsWith("-") &&
    !/[:/\s]/.test(login)
  );
}
