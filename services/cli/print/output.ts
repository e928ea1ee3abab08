import type { JsonValue } from '../../protocol/value.ts';
import type { Terminal } from '../terminal.ts';
import { Printer } from './printer.ts';

/** How data is written: JSON for programs, text for people. */
export const OUTPUT_FORMATS = ['text', 'json'] as const;

/** One of them. */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** What is written, in both forms; only the one that is wanted is made. */
export interface Shown {
  json(): JsonValue;
  text(): string;
}

/** What a command writes: data to standard output, and all else to standard error. */
export class Output {
  readonly stdout: Printer;
  readonly stderr: Printer;
  readonly format: OutputFormat;

  constructor({ stdout, stderr, env }: Terminal, format: OutputFormat) {
    this.stdout = new Printer(stdout, env);
    this.stderr = new Printer(stderr, env);
    this.format = format;
  }

  /** Writes the whole answer: one JSON document, or text; no text at all where that is empty. */
  async document({ json, text }: Shown): Promise<void> {
    if (this.format === 'json') return this.stdout.line(JSON.stringify(json(), undefined, 2));
    const shown = text();
    if (shown !== '') await this.stdout.line(shown);
  }

  /** Writes one of many as it comes: JSON on a line of its own, or text. */
  item({ json, text }: Shown): Promise<void> {
    return this.stdout.line(this.format === 'json' ? JSON.stringify(json()) : text());
  }

  /** Tells people something beside the data. */
  note(text: string): Promise<void> {
    return this.stderr.line(this.stderr.paint('dim', text));
  }
}
