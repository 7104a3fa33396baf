import { expect, test } from "vitest";
import { Outbox } from "./outbox.ts";

test("gives messages in order, those sent before and those sent later, and ends", async () => {
  const outbox = new Outbox<number>();
  outbox.send(1);
  outbox.send(2);
  const seen: number[] = [];
  const reading = (async () => {
    for await (const message of outbox) {
      seen.push(message);
      if (message === 2) queueMicrotask(() => outbox.send(3));
      if (message === 3) queueMicrotask(() => outbox.end());
    }
  })();
  await reading;
  expect(seen).toEqual([1, 2, 3]);
});

test("what was sent before the end is still given", async () => {
  const outbox = new Outbox<string>();
  outbox.send("last");
  outbox.end();
  const seen: string[] = [];
  for await (const message of outbox) seen.push(message);
  expect(seen).toEqual(["last"]);
});
