import { nearestSpelling } from "@bot-join/core";
import { JoinError } from "../errors.ts";
import { azureDevops } from "./azure-devops.ts";
import { bitbucket } from "./bitbucket.ts";
import { circleci } from "./circleci.ts";
import { env0 } from "./env0.ts";
import { gcp } from "./gcp.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import type { JoinMethod } from "./join-method.ts";
import { kubernetes } from "./kubernetes.ts";
import { spacelift } from "./spacelift.ts";
import { terraformCloud } from "./terraform-cloud.ts";
import { token } from "./token.ts";

/** Every join method that the client can perform. */
export const joinMethods: readonly JoinMethod[] = [
  github,
  gitlab,
  circleci,
  bitbucket,
  spacelift,
  env0,
  azureDevops,
  terraformCloud,
  kubernetes,
  gcp,
  token,
];

/** Finds a join method by its name. Throws `ERR_JOIN_METHOD_UNKNOWN`. */
export function findJoinMethod(name: string): JoinMethod {
  const found = joinMethods.find((method) => method.name === name);
  if (found !== undefined) return found;
  const names = joinMethods.map((method) => method.name);
  const near = nearestSpelling(name, names);
  throw new JoinError({
    code: "ERR_JOIN_METHOD_UNKNOWN",
    kind: "user",
    message: `The join method "${name}" is not one that bot-join can perform.`,
    hint: `${near === undefined ? "" : `Did you mean "${near}"? `}It can perform: ${names.join(", ")}.`,
  });
}
