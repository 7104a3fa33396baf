import fc from "fast-check";
import { expect, it } from "vitest";
import { compilePredicate, PredicateError } from "./predicate.ts";

it("what a client sends is a predicate or a PredicateError", () => {
  const words = fc.constantFrom(
    ...[
      "name",
      "labels",
      '"a"',
      "==",
      "!=",
      "=",
      "&&",
      "||",
      "!",
      "(",
      ")",
      "[",
      "]",
      ".",
      ",",
      "equals",
      "search",
    ],
  );
  const expressions = fc.oneof(
    fc.string(),
    fc.array(words, { maxLength: 12 }).map((each) => each.join(" ")),
  );
  fc.assert(
    fc.property(expressions, (expression) => {
      try {
        expect(typeof compilePredicate(expression)({ name: "a", labels: {} })).toBe("boolean");
      } catch (error) {
        expect(error).toBeInstanceOf(PredicateError);
      }
    }),
  );
});

it("labels are the resource's own, not what every object has", () => {
  const predicate = compilePredicate('exists(labels["constructor"])');
  expect(predicate({ name: "a", labels: {} })).toBe(false);
});
