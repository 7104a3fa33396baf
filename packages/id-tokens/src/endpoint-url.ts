import { IdTokenError } from "./errors.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

/** Reads the address of a token endpoint, made from the value of a variable that the platform sets. Throws `ERR_IDTOKEN_REQUEST_VARIABLES`. */
export function endpointUrl(text: string, variable: string, value: string = text): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "https:" || url?.protocol === "http:") return url;
  throw new IdTokenError({
    code: "ERR_IDTOKEN_REQUEST_VARIABLES",
    kind: "user",
    message: `The variable ${variable} holds "${quoteUntrusted(value)}", which makes no http or https address.`,
    hint: "The platform sets this variable; remove whatever else sets it, in the pipeline or on the runner.",
  });
}
