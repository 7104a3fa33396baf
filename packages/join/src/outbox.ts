/** Messages to be sent on a stream, in the order in which they were given. */
export class Outbox<Message> implements AsyncIterable<Message> {
  readonly #waiting: Message[] = [];
  #ended = false;
  #wake: () => void = () => {};

  send(message: Message): void {
    this.#waiting.push(message);
    this.#wake();
  }

  /** Closes this direction of the stream after what was given before. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Message, void, undefined> {
    while (true) {
      const next = this.#waiting.shift();
      if (next !== undefined) yield next;
      else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
