import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "@bot-join/core";
import type { BadToken, OidcIssuer } from "../oidc/issuer.ts";

/** What the endpoint does wrong: for every request, or for the first so many. */
export type TokenEndpointFault =
  | { kind: "status"; status: number; body?: string; headers?: Record<string, string>; times?: number }
  | { kind: "garbage" | "drop" | "no-value" | "redirect"; times?: number }
  | { kind: "slow"; delayMs: number; times?: number };

/** A running token endpoint. */
export interface TokenEndpoint extends AsyncDisposable {
  /** What `ACTIONS_ID_TOKEN_REQUEST_URL` holds: it has a query already. */
  readonly url: string;
  /** What `ACTIONS_ID_TOKEN_REQUEST_TOKEN` holds. */
  readonly requestToken: string;
  /** Audiences asked for so far, in order; undefined where the query named none. */
  readonly requests: readonly (string | undefined)[];
}

/** Whose tokens the endpoint hands out, and how well. */
export interface TokenEndpointOptions {
  issuer: OidcIssuer;
  clock: Clock;
  claims: Readonly<Record<string, unknown>>;
  bad?: BadToken;
  fault?: TokenEndpointFault;
}

function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.sendDate = false;
  response.writeHead(status, {
    "Content-Type": "application/json; charset=utf-8; api-version=2.0",
    ...headers,
  });
  response.end(text);
}

/** Serves ID tokens of a job as GitHub's runner service does (id-tokens.md section 2.1), on loopback over HTTP. */
export async function startTokenEndpoint(options: TokenEndpointOptions): Promise<TokenEndpoint> {
  const requestToken = `gha-${randomBytes(24).toString("base64url")}`;
  const requests: (string | undefined)[] = [];
  let faultsLeft = options.fault === undefined ? 0 : (options.fault.times ?? Number.POSITIVE_INFINITY);

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const audience = url.searchParams.get("audience") ?? undefined;
    requests.push(audience);
    const date = { Date: options.clock.now().toUTCString() };
    const fault = faultsLeft > 0 ? options.fault : undefined;
    if (fault !== undefined) {
      faultsLeft--;
      if (fault.kind === "slow") await options.clock.sleep(fault.delayMs);
      else if (fault.kind === "status") {
        answer(response, fault.status, fault.body ?? { message: "out of order" }, {
          ...date,
          ...fault.headers,
        });
        return;
      } else if (fault.kind === "drop") {
        response.destroy();
        return;
      } else if (fault.kind === "redirect") {
        answer(response, 302, "", { ...date, Location: "/elsewhere" });
        return;
      } else {
        answer(response, 200, fault.kind === "garbage" ? "<html>" : { count: 0 }, date);
        return;
      }
    }
    if (request.headers.authorization !== `Bearer ${requestToken}`) {
      answer(response, 401, { message: "the request token is missing or wrong" }, date);
      return;
    }
    if (request.method !== "GET" || url.pathname !== "/idtoken") {
      answer(response, 404, { message: "not found" }, date);
      return;
    }
    const repositoryOwner = String(options.claims["repository_owner"] ?? "");
    const aud = audience ?? `https://github.com/${repositoryOwner}`;
    const value = await options.issuer.sign({ aud, ...options.claims }, options.bad);
    answer(response, 200, { count: value.length, value }, date);
  };

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/idtoken?api-version=2.0`,
    requestToken,
    requests,
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
