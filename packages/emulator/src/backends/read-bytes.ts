import type { Duplex } from "node:stream";

/** Reads exactly so many bytes and leaves the rest in the stream; undefined when it ends before. */
export async function readBytes(stream: Duplex, length: number): Promise<Buffer | undefined> {
  for (;;) {
    const chunk = stream.read(length) as Buffer | null;
    if (chunk !== null) return chunk.length === length ? chunk : undefined;
    if (stream.destroyed || stream.readableEnded) return undefined;
    await new Promise<void>((resolve) => {
      const events = ["readable", "end", "close", "error"] as const;
      const done = (): void => {
        for (const event of events) stream.off(event, done);
        resolve();
      };
      for (const event of events) stream.on(event, done);
    });
  }
}
