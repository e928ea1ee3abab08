import { Writable } from 'node:stream';

/** A stream that keeps what it is written, for tests that wait for a line. */
export class Recorder extends Writable {
  text = '';

  constructor() {
    super({ decodeStrings: false });
  }

  /** The lines so far. */
  get lines(): string[] {
    return this.text.split('\n').filter((line) => line !== '');
  }

  override _write(chunk: string, _encoding: string, written: () => void): void {
    this.text += chunk;
    this.emit('recorded');
    written();
  }

  /** Settles when at least `count` lines match. */
  async until(pattern: RegExp, count = 1): Promise<void> {
    while (this.lines.filter((line) => pattern.test(line)).length < count) {
      await new Promise((resolve) => this.once('recorded', resolve));
    }
  }
}
