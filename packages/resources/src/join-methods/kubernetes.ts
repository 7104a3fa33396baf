import { type Claims, type ClaimValue, claimText } from "../claims.ts";
import { blockKey, type KeysOf, leafKey, listKey, textKey } from "../keys.ts";
import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { isAtLeast, type ServerVersion } from "../server-version.ts";
import { exact } from "./comparison.ts";
import {
  type ClaimsRefusal,
  type JoinMethod,
  type SuggestionContext,
  type TokenRule,
  type TokenSpec,
  withoutZeros,
} from "./join-method.ts";

/** A rule of `spec.kubernetes.allow`: a service account as `namespace:name`. */
export type KubernetesRule = { service_account: string };

/** `spec.kubernetes` (provision-token.md section 4.11), by the document's own keys. */
export interface KubernetesBlock {
  allow: KubernetesRule[];
  /** `in_cluster` when it was left out. */
  type: string;
  static_jwks: { jwks: string } | undefined;
  oidc: { issuer: string; insecure_allow_http_issuer: boolean } | undefined;
}

const ruleKeys: KeysOf<KubernetesRule> = {
  service_account: textKey("Service account as namespace:name."),
};

const blockKeys: KeysOf<KubernetesBlock> = {
  allow: listKey("Rules, of which one has to match.", ruleKeys),
  type: textKey("How service account tokens are verified; in_cluster unless given.", {
    values: ["in_cluster", "static_jwks", "oidc"],
  }),
  static_jwks: blockKey("For type static_jwks.", {
    jwks: textKey("The cluster's JWKS document, as kubectl get --raw /openid/v1/jwks prints it."),
  }),
  oidc: blockKey(
    "For type oidc.",
    {
      issuer: textKey("Issuer of the cluster's service account tokens, an https URL."),
      insecure_allow_http_issuer: leafKey("switch", "Allows an issuer of plain http."),
    },
    "18",
  ),
};

/** Longest life of a service account token that is accepted (id-tokens.md section 10). */
const maxTtlSeconds = 30 * 60;

const userPrefix = "system:serviceaccount:";
const userClaim = "user";
const nested = "kubernetes.io";

/** What 14 prints as the possible types: its join methods, by mistake (measured on 14.2.0). */
const typesOf14 = "azure, circleci, ec2, gcp, github, gitlab, iam, kubernetes, spacelift, token";

/** Kubernetes service accounts (provision-token.md section 4.11, id-tokens.md section 10). */
export const kubernetes: JoinMethod = {
  name: "kubernetes",
  since: "11",
  help: "Kubernetes service accounts",
  proof: "id-token",
  keys: blockKeys,
  claims: [
    "sub",
    `${nested}.namespace`,
    `${nested}.serviceaccount.name`,
    `${nested}.serviceaccount.uid`,
    `${nested}.pod.name`,
    `${nested}.pod.uid`,
  ],
  reader: {
    shapes: [
      { name: "sub" },
      { name: "exp", type: "number" },
      { name: "iat", type: "number" },
      { name: `${nested}.namespace`, path: [nested, "namespace"] },
      { name: `${nested}.serviceaccount.name`, path: [nested, "serviceaccount", "name"] },
      { name: `${nested}.serviceaccount.uid`, path: [nested, "serviceaccount", "uid"] },
      { name: `${nested}.pod.name`, path: [nested, "pod", "name"] },
      { name: `${nested}.pod.uid`, path: [nested, "pod", "uid"] },
    ],
    caseSensitive: true,
  },
  fields: [
    {
      field: "service_account",
      claim: userClaim,
      compare: exact,
      form: {
        pattern: /^[a-z0-9-]+:[a-z0-9.-]+$/,
        says: "no namespace:name of small letters, digits and dashes",
      },
    },
  ],
  requiresOneOf: ["service_account"],
  breadths: [{ name: "service-account", fields: ["service_account"] }],
  check,
  rules(token: TokenResource): readonly TokenRule[] {
    return token.kubernetes?.allow ?? [];
  },
  expectedIssuer(token: TokenResource): string | undefined {
    return token.kubernetes?.type === "oidc" ? token.kubernetes.oidc?.issuer : undefined;
  },
  expectedAudience(token: TokenResource, clusterName: string): string | undefined {
    return token.kubernetes?.type === "in_cluster" ? undefined : clusterName;
  },
  staticJwks(token: TokenResource): string | undefined {
    return token.kubernetes?.type === "static_jwks" ? token.kubernetes.static_jwks?.jwks : undefined;
  },
  derive(claims: Claims, token: TokenResource): Claims | ClaimsRefusal {
    const type = token.kubernetes?.type ?? "in_cluster";
    const refusal = type === "in_cluster" ? undefined : checkProjected(claims, type);
    if (refusal !== undefined) return refusal;
    const sub = claimText(claims, "sub");
    // Rules name accounts without the prefix, so the trace shows both sides alike.
    if (!sub.startsWith(userPrefix)) return claims;
    return new Map<string, ClaimValue>([...claims, [userClaim, sub.slice(userPrefix.length)]]);
  },
  noMatch: () => "kubernetes token did not match any allow rules",
  suggestBlock(_claims, context: SuggestionContext): Record<string, unknown> {
    if (context.staticJwks === undefined) return {};
    return { type: "static_jwks", static_jwks: { jwks: context.staticJwks } };
  },
  attributes(claims: Claims): object {
    const text = (name: string): string => claimText(claims, name);
    const [namespace = "", name = ""] = text("sub").replace(userPrefix, "").split(":");
    const pod = text(`${nested}.pod.name`);
    return {
      ...withoutZeros({ subject: text("sub") }),
      service_account: withoutZeros({
        name: text(`${nested}.serviceaccount.name`) || name,
        namespace: text(`${nested}.namespace`) || namespace,
      }),
      ...(pod === "" ? {} : { pod: { name: pod } }),
    };
  },
};

/** A token that is verified by its key alone has to be bound to a pod and short-lived. */
function checkProjected(claims: Claims, type: string): ClaimsRefusal | undefined {
  const refusal = (message: string): ClaimsRefusal => ({ class: "bad-parameter", message });
  if (claimText(claims, `${nested}.pod.name`) === "") {
    // The older type has its text without the article (id-tokens.md section 10).
    const article = type === "static_jwks" ? "" : "a ";
    return refusal(`${type} joining requires the use of ${article}projected pod bound service account token`);
  }
  const [exp, iat] = [claims.get("exp"), claims.get("iat")];
  if (typeof exp === "number" && typeof iat === "number" && exp - iat > maxTtlSeconds) {
    return refusal(
      `${type} joining requires the use of a service account token with a TTL of less than 30m0s`,
    );
  }
  return undefined;
}

function check(spec: TokenSpec, server: ServerVersion): DocumentProblem[] {
  const at = ["spec", "kubernetes"];
  const block = spec.kubernetes;
  if (block === undefined) {
    const message = '"kubernetes" configuration must be provided for the join method "kubernetes"';
    return [{ path: at, message }];
  }
  const problems: DocumentProblem[] = [];
  const problem = (path: DocumentProblem["path"], message: string): void => {
    problems.push({ path: [...at, ...path], message: `spec.kubernetes:\n\t${message}` });
  };
  if (block.allow.length === 0) problem(["allow"], "allow: at least one rule must be set");
  for (const [index, { service_account: account }] of block.allow.entries()) {
    const path = ["allow", index, "service_account"];
    const field = `allow[${index}].service_account`;
    if (account === "") {
      problem(path, `${field}: name of service account must be set`);
    } else if (account.split(":").length !== 2) {
      const wanted = `name of service account should be in format "namespace:service_account"`;
      problem(path, `${field}: ${wanted}, got ${JSON.stringify(account)} instead`);
    }
  }
  checkType(block, server, problem);
  return problems;
}

function checkType(
  { type, static_jwks: jwks, oidc }: KubernetesBlock,
  server: ServerVersion,
  problem: (path: DocumentProblem["path"], message: string) => void,
): void {
  if (type === "static_jwks") {
    if (jwks === undefined) problem(["static_jwks"], 'static_jwks: must be set when type is "static_jwks"');
    else if (jwks.jwks === "") {
      problem(["static_jwks", "jwks"], 'static_jwks.jwks: must be set when type is "static_jwks"');
    }
    return;
  }
  const knowsOidc = isAtLeast(server, "18");
  const known = type === "" || type === "in_cluster" || (type === "oidc" && knowsOidc);
  if (!known) {
    const later = ["in_cluster", "static_jwks", ...(knowsOidc ? ["oidc"] : [])].join(", ");
    const types = isAtLeast(server, "15") ? later : typesOf14;
    problem(["type"], `type: must be one of (${types}), got ${JSON.stringify(type)}`);
    return;
  }
  if (jwks !== undefined) {
    problem(["static_jwks"], `static_jwks: must not be set when type is "${type || "in_cluster"}"`);
  }
  if (type !== "oidc") return;
  if (oidc === undefined || oidc.issuer === "") {
    problem(["oidc", "issuer"], 'oidc.issuer: must be set when type is "oidc"');
    return;
  }
  const url = URL.canParse(oidc.issuer) ? new URL(oidc.issuer) : undefined;
  if (url === undefined) {
    problem(["oidc", "issuer"], "oidc.issuer must be a valid URL");
  } else if (url.protocol !== "https:" && !(url.protocol === "http:" && oidc.insecure_allow_http_issuer)) {
    problem(["oidc", "issuer"], "oidc.issuer must be https:// unless insecure_allow_http_issuer is set");
  }
}
