/** The classes of error that a Teleport server distinguishes (join.md sections 3.1 and 3.2). */
export type RefusalClass =
  | "not-found"
  | "already-exists"
  | "access-denied"
  | "limit-exceeded"
  | "compare-failed"
  | "not-implemented"
  | "connection-problem"
  | "bad-parameter"
  | "untyped";

/** What the emulated server answers instead of a result: a class and the text that goes over the wire. */
export class Refusal extends Error {
  readonly class: RefusalClass;

  constructor(refusalClass: RefusalClass, message: string) {
    super(message);
    this.name = "Refusal";
    this.class = refusalClass;
  }
}

/** HTTP status of each class (join.md section 2.3). */
export const httpStatusOf: Readonly<Record<RefusalClass, number>> = {
  "not-found": 404,
  "already-exists": 409,
  "access-denied": 403,
  "limit-exceeded": 429,
  "compare-failed": 412,
  "not-implemented": 501,
  "connection-problem": 504,
  "bad-parameter": 400,
  untyped: 500,
};

/** gRPC status code of each class (join.md section 3.2). */
export const grpcCodeOf: Readonly<Record<RefusalClass, number>> = {
  "not-found": 5,
  "already-exists": 6,
  "access-denied": 7,
  "limit-exceeded": 8,
  "compare-failed": 9,
  "not-implemented": 12,
  "connection-problem": 14,
  "bad-parameter": 3,
  untyped: 2,
};
