import { httpStatusOf, type Refusal } from "../refusal.ts";

/** One answer of the web API, before it meets a connection. */
export interface WebAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** Headers that every answer carries (join.md section 1.1, measured on 14.2.0). */
const securityHeaders: Readonly<Record<string, string>> = {
  "Referrer-Policy": "strict-origin",
  "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "SAMEORIGIN",
  "X-XSS-Protection": "1; mode=block",
};

/** Headers that API answers carry besides, errors included. */
const apiHeaders: Readonly<Record<string, string>> = {
  "Cache-Control": "no-cache, no-store, must-revalidate",
  "Content-Type": "application/json",
  Expires: "0",
  Pragma: "no-cache",
  ...securityHeaders,
};

/** Escapes what Go's JSON encoder escapes and JavaScript's does not. */
function goEscaped(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A successful API answer: compact JSON without a final newline. */
export function jsonAnswer(value: unknown): WebAnswer {
  return { status: 200, headers: apiHeaders, body: goEscaped(JSON.stringify(value)) };
}

/** A refusal over HTTP: JSON indented by four spaces (join.md section 3.1). */
export function refusalAnswer(refusal: Refusal): WebAnswer {
  const body = goEscaped(JSON.stringify({ error: { message: refusal.message } }, undefined, 4));
  return { status: httpStatusOf[refusal.class], headers: apiHeaders, body };
}

/** What an unknown path, or a known one with another method, is answered. */
export function notFoundAnswer(): WebAnswer {
  const headers = { "Content-Type": "text/plain; charset=utf-8", ...securityHeaders };
  return { status: 404, headers, body: "404 page not found\n" };
}
