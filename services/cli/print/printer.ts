import { once } from 'node:events';
import { styleText } from 'node:util';
import type { Terminal, TerminalStream } from '../terminal.ts';

/** A colour or weight of `util.styleText`. */
export type Style = Parameters<typeof styleText>[0];

/** How a stream ends whose reader has left: that is no error of ours. */
const READER_LEFT: readonly string[] = ['EPIPE', 'ECONNRESET'];

/** Writes to one stream: colours where it is a terminal that wants them, and waits where it is slow. */
export class Printer {
  /** Whether it is a terminal, on which a line can be drawn again. */
  readonly live: boolean;
  /** Whether texts are painted. */
  readonly coloured: boolean;
  readonly #stream: TerminalStream;
  readonly #closed = new AbortController();
  #failure: Error | undefined;

  /** NO_COLOR and FORCE_COLOR in `env` decide over colours before the stream does (no-color.org, force-color.org). */
  constructor(stream: TerminalStream, env: Terminal['env']) {
    this.#stream = stream;
    this.live = stream.isTTY === true && env.TERM !== 'dumb';
    this.coloured = !env.NO_COLOR && (Boolean(env.FORCE_COLOR) || this.live);
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!READER_LEFT.includes(error.code ?? '')) this.#failure ??= error;
      this.#closed.abort(error);
    });
    stream.on('close', () => this.#closed.abort());
  }

  /** Aborts when nothing can be written any more: its reason is the stream's error. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Why something could not be written, as on a disk that is full; nothing where its reader has left (`| head`). */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Settles when all that was written is where it goes, or cannot come there. */
  async flush(): Promise<void> {
    if (this.closed.aborted || this.#stream.writableEnded) return;
    // A failure is heard of before this is called, also that of an earlier write.
    await new Promise<void>((resolve) => this.#stream.write('', () => resolve()));
  }

  /** How many characters a line holds; 80 where nobody says. */
  get columns(): number {
    return this.#stream.columns || 80;
  }

  /** A text in a style. */
  paint(style: Style, text: string): string {
    return this.coloured ? styleText(style, text, { validateStream: false }) : text;
  }

  /** Writes a line; settles when there is room for the next. */
  line(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  /** Writes a text as it is; settles when there is room for the next. What nobody can read any more is dropped. */
  async write(text: string): Promise<void> {
    if (this.closed.aborted || !this.#stream.writable) return;
    if (this.#stream.write(text)) return;
    await once(this.#stream, 'drain', { signal: this.closed }).catch(() => {});
  }
}
