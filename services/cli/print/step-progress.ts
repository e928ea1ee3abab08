import { stripVTControlCharacters } from 'node:util';
import type { JsonValue } from '../../protocol/value.ts';
import { formatDuration } from '../input/duration.ts';
import type { Printer, Style } from './printer.ts';
import { progressText } from './progress-text.ts';
import { row } from './table.ts';

/** How often the line of the step that runs is drawn again, in milliseconds. */
const FRAME_MS = 80;
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** A step as the pipeline's file has it. */
export interface StepTitle {
  readonly name: string;
  readonly capability: string;
}

/**
 * Tells how a pipeline goes: a line for each step that ended. On a terminal the step that runs has a line that is drawn
 * again and again; elsewhere its start and its progress are lines of their own.
 */
export class StepProgress {
  readonly #printer: Printer;
  readonly #widths: readonly number[];
  #running: (StepTitle & { readonly since: number; news: string }) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #frame = 0;

  /** @param steps All steps, so that columns are as wide as the widest. */
  constructor(printer: Printer, steps: readonly StepTitle[]) {
    this.#printer = printer;
    const widest = (texts: string[]) => Math.max(...texts.map((text) => text.length));
    this.#widths = [
      1,
      widest(steps.map(({ name }) => name)),
      widest(steps.map(({ capability }) => capability)),
    ];
  }

  /** A step's task was sent. */
  async started(step: StepTitle): Promise<void> {
    this.#running = { ...step, since: performance.now(), news: '' };
    if (!this.#printer.live) return this.#line('·', 'dim', step, 'started');
    this.#timer ??= setInterval(() => void this.#draw(), FRAME_MS).unref();
    await this.#draw();
  }

  /** The step that runs made progress. */
  async progressed(payload: JsonValue): Promise<void> {
    if (!this.#running) return;
    this.#running.news = progressText(payload, this.#printer.columns);
    if (!this.#printer.live) await this.#line('·', 'dim', this.#running, this.#running.news);
  }

  /** The step that runs is done, by `agent`, in `durationMs`. */
  async finished(agent: string, durationMs: number): Promise<void> {
    await this.#ended('✓', 'green', `${elapsedText(durationMs)}  ${agent}`);
  }

  /** Whatever still runs has failed. */
  async failed(): Promise<void> {
    await this.#ended('✗', 'red', 'failed');
  }

  async #ended(mark: string, style: Style, text: string): Promise<void> {
    const step = this.#running;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#running = undefined;
    if (!step) return;
    if (this.#printer.live) await this.#printer.write(CLEAR_LINE);
    await this.#line(mark, style, step, text);
  }

  async #draw(): Promise<void> {
    const step = this.#running;
    if (!step) return;
    this.#frame = (this.#frame + 1) % FRAMES.length;
    const elapsed = elapsedText(performance.now() - step.since);
    const line = this.#row(FRAMES[this.#frame]!, 'cyan', step, `${elapsed}  ${step.news}`);
    // A line that wraps could not be drawn over.
    const fits = stripVTControlCharacters(line).length < this.#printer.columns;
    const drawn = fits
      ? line
      : stripVTControlCharacters(line)
          .slice(0, this.#printer.columns - 1)
          .toWellFormed();
    await this.#printer.write(`${CLEAR_LINE}${drawn}`);
  }

  #line(mark: string, style: Style, step: StepTitle, text: string): Promise<void> {
    return this.#printer.line(this.#row(mark, style, step, text));
  }

  #row(mark: string, style: Style, { name, capability }: StepTitle, text: string): string {
    const cells = [{ text: mark, style }, name, { text: capability, style: 'dim' as const }, text];
    return row(this.#printer, cells, this.#widths);
  }
}

/** A time as wide as most are, so that what follows it stands below one another. */
function elapsedText(ms: number): string {
  return formatDuration(ms).padStart(7);
}

const CLEAR_LINE = '\r\x1b[2K';
