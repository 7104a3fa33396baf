/**
 * Splits a command line into words by the quoting rules of POSIX shells (2.2 of the Shell Command Language), and
 * nothing else of a shell: no variables, no globs, no operators. Returns undefined when a quote is left open.
 */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let rest = line;
  while (rest !== "") {
    const piece = /^(?:(\s+)|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\]+))/.exec(rest);
    if (piece === null) return undefined;
    const [whole, space, single, double, escaped, plain] = piece;
    rest = rest.slice(whole.length);
    if (space !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      // Within double quotes a backslash is itself unless it stands before one of these signs.
      const unquoted = single ?? double?.replace(/\\([$`"\\\n])/g, "$1") ?? escaped ?? plain ?? "";
      word = (word ?? "") + unquoted;
    }
  }
  return word === undefined ? words : [...words, word];
}
