import { ResourceError } from "./errors.ts";

/**
 * Decodes the bytes of a file of resource documents. UTF-8 with or without a byte-order mark is taken; UTF-16, which
 * Windows editors write, and bytes that are no UTF-8 throw ERR_RESOURCE_SYNTAX with what to do. `source` names the file.
 */
export function decodeResourceText(bytes: Uint8Array, source: string): string {
  const [first = 0, second = 0] = bytes;
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  // Every other byte of English text in UTF-16 is zero.
  if (marked || bytes.subarray(0, 4).includes(0)) {
    throw fault(source, "the file is in UTF-16");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw fault(source, "the file is not in UTF-8", cause);
  }
}

function fault(source: string, what: string, cause?: unknown): ResourceError {
  return new ResourceError({
    code: "ERR_RESOURCE_SYNTAX",
    kind: "user",
    message: `Reading resources from ${source}: 1 problem.\n${source}:1:1: ${what}`,
    hint: "Save it in UTF-8 and try again.",
    details: { problems: [{ source, line: 1, column: 1, path: "", message: what }] },
    cause,
  });
}
