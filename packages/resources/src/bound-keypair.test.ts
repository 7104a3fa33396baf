import { expect, it } from "vitest";
import { newTokenSecret, withBoundKeypairStatus } from "./bound-keypair.ts";
import type { TokenResource } from "./model.ts";
import { parseResources } from "./parse-resources.ts";
import { renderResource } from "./render-resource.ts";
import { tokenWith } from "./testing/methods.ts";

const random = (size: number): Uint8Array => new Uint8Array(size).fill(0xab);
const made = "ab".repeat(16);

const parsed = (onboarding: object | undefined): TokenResource =>
  parseResources(
    JSON.stringify({
      kind: "token",
      version: "v2",
      metadata: { name: "bk" },
      spec: { roles: ["Bot"], bot_name: "b", join_method: "bound_keypair", bound_keypair: { onboarding } },
      status: { bound_keypair: { registration_secret: "mine", recovery_count: 7 } },
    }),
    "x",
  )[0] as TokenResource;

it.each([
  [undefined, { registration_secret: made }],
  [{}, { registration_secret: made }],
  [{ registration_secret: "given" }, { registration_secret: "given" }],
  [{ initial_public_key: "ssh-ed25519 AAAA" }, {}],
  [{ initial_public_key: "ssh-ed25519 AAAA", registration_secret: "given" }, {}],
])(
  "a new token with onboarding %j gets its status from the server, whatever the user wrote",
  (onboarding, expected) => {
    const token = parsed(onboarding);
    expect(token.status).toBeUndefined();
    expect(withBoundKeypairStatus(token, undefined, random).status).toEqual({ bound_keypair: expected });
  },
);

it("a token that is applied again keeps what is stored", () => {
  const status = { bound_keypair: { bound_public_key: "k", recovery_count: 2 } };
  const stored = { ...parsed(undefined), status };
  expect(withBoundKeypairStatus(parsed({ registration_secret: "new" }), stored, random).status).toEqual(
    status,
  );
});

it("other tokens have none", () => {
  const token = tokenWith("github", [{ repository: "a/b" }]);
  expect(withBoundKeypairStatus(token, undefined, random)).toBe(token);
});

it("the stored status is written and read back by the server alone", () => {
  const token = withBoundKeypairStatus(parsed(undefined), undefined, random);
  const text = renderResource(token, "yaml");
  expect(parseResources(text, "state", { stored: true })).toEqual([token]);
  expect(parseResources(text, "user")).toEqual([parsed(undefined)]);
});

it("a secret has 32 hex digits", () => {
  expect(newTokenSecret(random)).toBe(made);
});
