import { Code, ConnectError } from "@connectrpc/connect";
import { grpcCodeOf, Refusal } from "../refusal.ts";

/**
 * Turns what a service threw into a gRPC status: a Refusal by its class with its exact text, anything else, a bug of
 * the emulator, into Internal after telling `onInternalError`.
 */
export function toStatus(error: unknown, onInternalError: (error: unknown) => void): ConnectError {
  if (error instanceof ConnectError) return error;
  if (error instanceof Refusal) return new ConnectError(error.message, grpcCodeOf[error.class] as Code);
  onInternalError(error);
  return new ConnectError("internal error of the emulator", Code.Internal);
}
