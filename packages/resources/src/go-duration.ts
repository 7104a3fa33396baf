/** Writes milliseconds as Go does: `5m0s`, `1h30m0s`, `1.5s`, `0s`. */
export function formatGoDuration(ms: number): string {
  if (ms !== 0 && Math.abs(ms) < 1000) return `${Number(ms.toFixed(6))}ms`;
  const seconds = Math.abs(ms) / 1000;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${Number((seconds % 60).toFixed(9))}s`;
  const sign = ms < 0 ? "-" : "";
  if (hours > 0) return `${sign}${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${sign}${minutes}m${rest}` : `${sign}${rest}`;
}
