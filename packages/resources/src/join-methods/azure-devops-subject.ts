import type { ClaimsRefusal } from "./join-method.ts";

/** What the subject of a pipeline's ID token names. */
export interface PipelineSubject {
  organization: string;
  project: string;
  pipeline: string;
}

/**
 * Takes `p://organisation/project/pipeline` apart as the server's URL parser does, percent signs decoded
 * (id-tokens.md section 8.2). Gives the refusal for anything else.
 */
export function parsePipelineSubject(sub: string): PipelineSubject | ClaimsRefusal {
  const refusal = (message: string): ClaimsRefusal => ({ class: "bad-parameter", message });
  const quoted = JSON.stringify(sub);
  const [, scheme, afterScheme = ""] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(sub.replace(/#.*$/s, "")) ?? [];
  if (scheme?.toLowerCase() !== "p") {
    return refusal(`id token is not of pipeline kind (sub: ${quoted})`);
  }
  const [, authority = "", path = ""] =
    /^(?:\/\/([^/]*))?(.*)$/s.exec(afterScheme.replace(/\?.*$/s, "")) ?? [];
  const decodedPath = decode(path);
  const host = decode(authority.slice(authority.lastIndexOf("@") + 1));
  if (decodedPath === undefined || host === undefined || hasControlCharacter(sub) || /[\s<>"]/.test(host)) {
    return refusal(`parse ${quoted}: invalid URL`);
  }
  const parts = decodedPath.replace(/^\//, "").split("/");
  const [project, pipeline] = parts;
  if (parts.length !== 2 || project === undefined || pipeline === undefined) {
    return refusal(`subject malformed, expected 2 path elements (sub: ${quoted})`);
  }
  return { organization: host, project, pipeline };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The server's parser refuses these anywhere. */
function hasControlCharacter(text: string): boolean {
  return [...text].some((sign) => sign < " " || sign === "\u007f");
}
