import { expect, it } from "vitest";
import { fetchIdToken } from "./fetch-id-token.ts";
import { createTestDeps, failureOf, makeToken, reply, startEndpoint, testAudience } from "./testing.ts";
import type { IdTokenRequest } from "./types.ts";

const token = makeToken({ iss: "https://accounts.google.com" });
const good = reply(200, `${token}\n`, { "metadata-flavor": "Google", "content-type": "text/html" });

function request(host: string): IdTokenRequest {
  return { platform: { GCE_METADATA_HOST: host }, audience: testAudience, joinMethod: "gcp" };
}

it("asks the metadata server for a full token, past any HTTP proxy", async () => {
  await using endpoint = await startEndpoint(good);
  const deps = createTestDeps({ openTunnel: () => Promise.reject(new Error("asked for a tunnel")) });
  const result = await fetchIdToken(request(new URL(endpoint.url).host), deps);
  expect(result.token.reveal()).toBe(token);
  expect(result.source).toBe("Google Cloud");
  expect(deps.secrets).toEqual([token]);
  expect(endpoint.requests).toEqual([
    {
      path: `/computeMetadata/v1/instance/service-accounts/default/identity?audience=${testAudience}&format=full&licenses=FALSE`,
      authorization: undefined,
      accept: undefined,
    },
  ]);
  expect(endpoint.received[0]?.method).toBe("GET");
  expect(endpoint.received[0]?.headers["metadata-flavor"]).toBe("Google");
});

it.each(["a b", "host/../x y", "http://metadata", "[::1"])("refuses GCE_METADATA_HOST=%j", async (host) => {
  expect(await failureOf(fetchIdToken(request(host), createTestDeps()))).toMatchObject({
    code: "ERR_IDTOKEN_REQUEST_VARIABLES",
    message: expect.stringContaining("GCE_METADATA_HOST"),
  });
});

it("says how to attach a service account", async () => {
  await using endpoint = await startEndpoint(reply(404, "not found", { "content-type": "text/html" }));
  expect(await failureOf(fetchIdToken(request(new URL(endpoint.url).host), createTestDeps()))).toMatchObject({
    code: "ERR_IDTOKEN_REQUEST_REFUSED",
    hint: expect.stringContaining("--service-account="),
  });
});
