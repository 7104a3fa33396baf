/**
 * Compiles one entry of `impersonate.roles`: a regular expression when written `^…$`, otherwise a name in which
 * `*` stands for any text. An expression that does not compile matches nothing.
 */
export function rolePattern(written: string): (role: string) => boolean {
  const expression = compilePattern(written);
  return (role) => expression?.test(role) ?? false;
}

/** Tells whether an entry can be compiled at all. */
export function isRolePattern(written: string): boolean {
  return compilePattern(written) !== undefined;
}

function compilePattern(written: string): RegExp | undefined {
  const isExpression = written.startsWith("^") && written.endsWith("$");
  const glob = written.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("\\*", ".*");
  try {
    return new RegExp(isExpression ? written : `^${glob}$`);
  } catch {
    return undefined;
  }
}
