/** How many are remembered at most. Ours: a server that never answers what was cancelled is not to cost more. */
const MAX_OWED = 10_000;

/**
 * The ids of messages that were given up, and whose last answer is still to come. A message that is sent again under
 * its id waits until then: it would take that answer for its own.
 */
export class OwedAnswers {
  /** What sends the message that waits, by its id; nothing where none does. */
  readonly #owed = new Map<string, (() => void) | undefined>();

  /** Whether an answer is owed for a message of that id. */
  has(id: string): boolean {
    return this.#owed.size > 0 && this.#owed.has(id);
  }

  /** A message was given up after it had been sent. */
  owe(id: string): void {
    this.#owed.set(id, undefined);
    if (this.#owed.size <= MAX_OWED) return;
    const [oldest] = this.#owed.keys();
    this.paid(oldest!);
  }

  /** Has a message of that id wait: `send` is called once the answer before has come. */
  wait(id: string, send: () => void): void {
    this.#owed.set(id, send);
  }

  /** The message that waits was given up as well, before it was sent. */
  waitNoMore(id: string): void {
    if (this.#owed.has(id)) this.#owed.set(id, undefined);
  }

  /** The last answer for an id has come, and is nobody's; what waited for it is sent. */
  paid(id: string): void {
    const send = this.#owed.get(id);
    this.#owed.delete(id);
    send?.();
  }
}
