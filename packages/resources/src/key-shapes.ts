import * as v from "valibot";
import type { Key, KeyTable } from "./keys.ts";
import { flag, ignored, list, mapping, record, type Shape, text, texts, valueLists } from "./shape.ts";

const leafShapes = {
  text,
  texts,
  flag,
  switch: v.nullish(v.boolean(), false),
  number: v.pipe(
    v.nullish(v.number()),
    v.transform((value) => value ?? undefined),
  ),
  duration: text,
  time: text,
  "value-lists": valueLists,
  "text-map": record(text),
  anything: ignored,
} as const satisfies Record<string, v.GenericSchema>;

/** Makes the shape that decodes a mapping with these keys; the caller knows what type that gives. */
export function shapeOf<Output>(keys: KeyTable): Shape<Output> {
  const entries = Object.entries(keys).map(([name, key]): [string, v.GenericSchema] => [name, keyShape(key)]);
  return v.object(Object.fromEntries(entries)) as unknown as Shape<Output>;
}

function keyShape(key: Key): v.GenericSchema {
  if (key.kind === "list") return list(mapping(shapeOf(key.keys)));
  if (key.kind !== "block") return leafShapes[key.kind];
  // A block that is null is one that is not there.
  return v.pipe(
    v.nullish(mapping(shapeOf(key.keys))),
    v.transform((value) => value ?? undefined),
  );
}
