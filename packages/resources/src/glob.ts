/**
 * Matches a text with a pattern of `*` (any characters but a newline) and `?` (one character but a newline),
 * everything else literally, both ends anchored (provision-token.md section 4). Takes time linear in the product of
 * the lengths whatever the pattern.
 */
export function globMatches(pattern: string, text: string): boolean {
  if (!hasGlob(pattern)) return pattern === text;
  // Neither sign crosses a newline, so the lines pair up.
  const patterns = pattern.split("\n");
  const lines = text.split("\n");
  return (
    patterns.length === lines.length && patterns.every((each, index) => lineMatches(each, lines[index] ?? ""))
  );
}

function lineMatches(pattern: string, line: string): boolean {
  // Code points, since `?` stands for a whole character.
  const wanted = [...pattern];
  const found = [...line];
  let at = 0;
  let star = -1;
  let resumeAt = 0;
  for (let i = 0; i < found.length; ) {
    if (wanted[at] === "*") {
      star = at++;
      resumeAt = i;
    } else if (at < wanted.length && (wanted[at] === "?" || wanted[at] === found[i])) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++resumeAt;
    } else {
      return false;
    }
  }
  while (wanted[at] === "*") at++;
  return at === wanted.length;
}

/** Tells whether a pattern has a sign that stands for more than itself. */
export function hasGlob(pattern: string): boolean {
  return /[*?]/.test(pattern);
}
