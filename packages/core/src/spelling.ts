/** Optimal string alignment distance: insertions, deletions, substitutions and swapped neighbours cost one. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array<number>(b.length).fill(0)]);
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let j = 0; j <= b.length; j++) (rows[0] as number[])[j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, at(i - 2, j - 2) + 1);
      }
      (rows[i] as number[])[j] = best;
    }
  }
  return at(a.length, b.length);
}

/** Finds the candidate that a misspelt word most likely meant, or undefined when none is near. */
export function nearestSpelling(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase().replaceAll("_", "-");
  let limit = Math.max(1, Math.floor(wanted.length / 3));
  let best: string | undefined;
  for (const candidate of candidates) {
    // Two words differ by at least the difference of their lengths: most candidates need no closer look.
    if (Math.abs(candidate.length - wanted.length) > limit) continue;
    const found = distance(wanted, candidate.toLowerCase().replaceAll("_", "-"));
    if (found > limit || (best !== undefined && found === limit)) continue;
    best = candidate;
    limit = found;
  }
  return best;
}
