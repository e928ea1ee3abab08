import type { Writable } from 'node:stream';
import { styleText } from 'node:util';

const COLOURS = ['cyan', 'yellow', 'green', 'magenta', 'blue'] as const;

/**
 * One stream that several processes write to: each of its lines begins with the name of who wrote it, in a colour of
 * its own where the stream is a terminal that wants colours.
 */
export class LabelledOutput {
  readonly #target: Writable;
  readonly #labels = new Map<string, string>();
  #room: Promise<void> | undefined;

  /** @param names Who writes, so that all labels are as wide as the longest. */
  constructor(target: Writable, names: readonly string[]) {
    this.#target = target;
    const width = Math.max(...names.map((name) => name.length));
    for (const [index, name] of names.entries()) {
      const colour = COLOURS[index % COLOURS.length] ?? 'cyan';
      this.#labels.set(name, styleText(colour, `${name.padEnd(width)} |`, { stream: target }));
    }
  }

  /** Writes a line of `name`'s; settles when the stream has room for the next. A closed stream takes it unseen. */
  async write(name: string, line: string): Promise<void> {
    if (!this.#target.writable) return;
    if (this.#target.write(`${this.#labels.get(name) ?? `${name} |`} ${line}\n`)) return;
    // Shared by all who wait, so that they do not each hang listeners on the stream.
    this.#room ??= this.#nextRoom();
    await this.#room;
  }

  #nextRoom(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#target.off('drain', done).off('close', done).off('error', done);
        this.#room = undefined;
        resolve();
      };
      this.#target.on('drain', done).on('close', done).on('error', done);
    });
  }
}
