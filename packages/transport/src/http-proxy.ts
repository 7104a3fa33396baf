import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type Socket } from "node:net";
import { formatHostPort, type HostPort } from "./address.ts";
import { TransportError } from "./errors.ts";
import { abortError } from "./map-error.ts";
import { isExempt, isLoopback } from "./no-proxy.ts";

/** The variables that name an HTTP proxy, as the process has them. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/** Answers of an HTTP proxy that say it could not reach the target just now. */
const passingStatuses: readonly (number | undefined)[] = [429, 502, 503, 504];

function first(environment: ProxyEnvironment, names: string[]): string | undefined {
  return names.map((name) => environment[name]).find((value) => value !== undefined && value !== "");
}

/** The value of `Proxy-Authorization`; undefined without credentials. Throws a URIError for a stray percent sign. */
function authorization(proxy: URL): string | undefined {
  if (proxy.username === "" && proxy.password === "") return undefined;
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return `Basic ${Buffer.from(credentials).toString("base64")}`;
}

function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

function parseProxyUrl(value: string): URL | undefined {
  try {
    const url = new URL(value.includes("://") ? value : `http://${value}`);
    authorization(url);
    return ["http:", "https:"].includes(url.protocol) ? url : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Finds the HTTP proxy for a target by the rules of proxy-transport.md section 3: `HTTPS_PROXY` before
 * `HTTP_PROXY`, `NO_PROXY` obeyed, loopback never proxied. SOCKS is not spoken. Throws
 * `ERR_TRANSPORT_HTTP_PROXY` for a value that is no usable proxy URL; the value itself, which may hold a
 * password, is not shown.
 */
export function httpProxyFor(environment: ProxyEnvironment, target: HostPort): URL | undefined {
  const value = first(environment, ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"]);
  if (value === undefined || isLoopback(target.host)) return undefined;
  if (isExempt(first(environment, ["NO_PROXY", "no_proxy"]) ?? "", target)) return undefined;
  const url = parseProxyUrl(value);
  if (url !== undefined) return url;
  throw new TransportError({
    code: "ERR_TRANSPORT_HTTP_PROXY",
    kind: "user",
    message: "The HTTP proxy of this job (HTTPS_PROXY or HTTP_PROXY) is not an http:// or https:// URL.",
    hint: `Correct the variable (signs such as "%" or "@" in a password are percent-encoded), or name ${target.host} in NO_PROXY to connect directly.`,
  });
}

/** Opens a tunnel through an HTTP proxy with CONNECT (RFC 9110 section 9.3.6); anything but 200 is a refusal. */
export function connectThrough(proxy: URL, target: HostPort, signal: AbortSignal): Promise<Socket> {
  const authority = formatHostPort(target);
  const credentials = authorization(proxy);
  const refused = (what: string, retryable: boolean, cause?: unknown): TransportError =>
    new TransportError({
      code: "ERR_TRANSPORT_HTTP_PROXY",
      kind: "network",
      message: `The HTTP proxy ${proxy.host} did not open a tunnel to ${authority}: ${what}.`,
      hint: `Check HTTPS_PROXY and its credentials, or name ${target.host} in NO_PROXY to connect directly.`,
      retryable,
      cause,
    });
  return new Promise((resolve, reject) => {
    const request = (proxy.protocol === "https:" ? httpsRequest : httpRequest)({
      host: bareHost(proxy),
      port: portOf(proxy),
      method: "CONNECT",
      path: authority,
      agent: false,
      // The proxy's own name, which Bun would take from the header below (RFC 6066 section 3: no address is sent).
      ...(isIP(bareHost(proxy)) === 0 ? { servername: bareHost(proxy) } : {}),
      headers: {
        host: authority,
        ...(credentials === undefined ? {} : { "proxy-authorization": credentials }),
      },
    });
    // Not the request's own `signal` option: that would still end the tunnel long after it was opened.
    const abort = (): void => void request.destroy(new Error("aborted"));
    signal.addEventListener("abort", abort, { once: true });
    request.on("connect", ({ statusCode, statusMessage }, socket, head) => {
      signal.removeEventListener("abort", abort);
      if (statusCode !== 200) {
        socket.destroy();
        const answer = `it answered ${statusCode} ${statusMessage ?? ""}`.trimEnd();
        reject(refused(answer, passingStatuses.includes(statusCode)));
        return;
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket as Socket);
    });
    request.on("error", (error) => {
      signal.removeEventListener("abort", abort);
      const where = `The HTTP proxy ${proxy.host}`;
      reject(signal.aborted ? abortError(signal, where) : refused(error.message, true, error));
    });
    request.end();
  });
}

/**
 * Opens a tunnel to the server of a URL; undefined when that server is to be reached directly. Throws
 * `ERR_TRANSPORT_HTTP_PROXY`.
 */
export async function openTunnel(
  url: URL,
  environment: ProxyEnvironment,
  signal: AbortSignal,
): Promise<Socket | undefined> {
  const target = { host: bareHost(url), port: portOf(url) };
  signal.throwIfAborted();
  const proxy = httpProxyFor(environment, target);
  return proxy === undefined ? undefined : connectThrough(proxy, target, signal);
}
