import { TransportError } from "@bot-join/transport";
import { JoinError } from "./errors.ts";

/**
 * Whether an error of `register` is how a cluster answers that takes joins over `teleport.join.v1` alone, its operator having
 * switched the older ways off. join.md section 14 says that this is an error and not which: NotImplemented, which is HTTP 501
 * (section 2.3), and a path that is not served are taken for it.
 */
export function isHttpJoinOff(error: unknown): boolean {
  if (error instanceof JoinError) return error.details["status"] === 501;
  return error instanceof TransportError && error.details["pathUnknown"] === true;
}
