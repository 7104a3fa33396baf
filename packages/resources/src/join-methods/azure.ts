import { type Claims, claimText, textClaims } from "../claims.ts";
import { type KeysOf, leafKey, listKey, textKey } from "../keys.ts";
import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { isAtLeast, type ServerVersion } from "../server-version.ts";
import { exact, oneOfAnyCase } from "./comparison.ts";
import { type JoinMethod, lowerUuid, type TokenRule, type TokenSpec, withoutZeros } from "./join-method.ts";

/** A rule of `spec.azure.allow`; an empty text or list is a field that is not checked. */
export type AzureRule = { subscription: string; resource_groups: string[]; tenant: string };

/** `spec.azure` (provision-token.md section 4.13), by the document's own keys. */
export interface AzureBlock {
  allow: AzureRule[];
}

/** What Azure attests of a virtual machine. */
export type AzureAttested = { subscription: string; resource_group: string; tenant?: string };

const ruleKeys: KeysOf<AzureRule> = {
  subscription: textKey("UUID of the subscription."),
  resource_groups: leafKey("texts", "Resource groups, of which one has to hold the machine."),
  tenant: textKey("UUID of the tenant.", { since: "19" }),
};

const blockKeys: KeysOf<AzureBlock> = { allow: listKey("Rules, of which one has to match.", ruleKeys) };

/** Azure virtual machines (provision-token.md section 4.13). */
export const azure: JoinMethod = {
  name: "azure",
  since: "12",
  help: "Azure virtual machines",
  proof: "attested",
  keys: blockKeys,
  claims: ["subscription", "resource_group", "tenant"],
  reader: { shapes: textClaims("subscription", "resource_group", "tenant"), caseSensitive: true },
  fields: [
    { field: "subscription", claim: "subscription", compare: exact, form: lowerUuid },
    { field: "resource_groups", claim: "resource_group", compare: oneOfAnyCase },
    { field: "tenant", claim: "tenant", compare: exact, form: lowerUuid },
  ],
  requiresOneOf: ["subscription"],
  breadths: [
    { name: "resource-group", fields: ["subscription", "resource_groups"] },
    { name: "subscription", fields: ["subscription"] },
  ],
  check,
  rules(token: TokenResource): readonly TokenRule[] {
    return token.azure?.allow ?? [];
  },
  expectedIssuer: () => undefined,
  expectedAudience: () => undefined,
  noMatch: () => "instance did not match any allow rules",
  attributes(claims: Claims, server: ServerVersion): object {
    return withoutZeros({
      subscription: claimText(claims, "subscription"),
      resource_group: claimText(claims, "resource_group"),
      tenant: isAtLeast(server, "19") ? claimText(claims, "tenant") : "",
    });
  },
};

function check(spec: TokenSpec): DocumentProblem[] {
  const at = ["spec", "azure"];
  const block = spec.azure;
  if (block === undefined) {
    return [{ path: at, message: '"azure" configuration must be provided for the join method "azure"' }];
  }
  if (block.allow.length === 0) {
    const message = 'the "azure" join method requires defined azure allow rules';
    return [{ path: [...at, "allow"], message }];
  }
  return block.allow.flatMap((rule, index) =>
    rule.subscription !== ""
      ? []
      : [
          {
            path: [...at, "allow", index],
            message: 'the "azure" join method requires azure allow rules with non-empty subscription',
          },
        ],
  );
}
