/** Leaves out what says nothing. */
export function withoutEmpty(value: Record<string, unknown>): Record<string, unknown> {
  const kept = Object.entries(value).filter(([, inner]) => {
    if (inner === undefined || inner === "") return false;
    return typeof inner !== "object" || inner === null || Object.keys(inner).length > 0;
  });
  return Object.fromEntries(kept);
}
