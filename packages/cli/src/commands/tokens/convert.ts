import { checkToken, convertToken, readTokenDocuments, type TokenForm } from "@bot-join/resources";

/** What a conversion gives. */
export interface Conversion {
  text: string;
  /** What of the file is not in the text. */
  leftOut: string[];
}

/** Writes all tokens of a text in another form: YAML and JSON separated by `---`, HCL one block after the other. */
export function convertTokens(text: string, source: string, to: TokenForm): Conversion {
  const documents = readTokenDocuments(text, source).map((document) => convertToken(document, to));
  const others = checkToken(text, source).resources.filter(({ kind }) => kind !== "token");
  return {
    text: documents.join(to === "hcl" ? "\n" : "---\n"),
    leftOut: others.map(({ kind }) => `A document of kind ${kind} was left out: only tokens are converted.`),
  };
}
