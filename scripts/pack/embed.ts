/**
 * Replaces the one line of a template that holds nothing but indentation and a marker by a text, every line of it
 * indented alike. Throws when there is no such line, or more than one.
 */
export function embed(template: string, marker: string, text: string): string {
  const lines = template.split("\n");
  const places = lines.flatMap((line, index) => (line.trim() === marker ? [index] : []));
  const [place] = places;
  if (place === undefined || places.length > 1)
    throw new Error(`a template has ${places.length} lines ${marker}; one is meant`);
  const [indentation = ""] = /^\s*/.exec(lines[place] ?? "") ?? [];
  const indented = text
    .trimEnd()
    .split("\n")
    .map((line) => (line === "" ? "" : indentation + line));
  return lines.toSpliced(place, 1, ...indented).join("\n");
}
