import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Debian's package `faketime` puts its library for processes with threads. */
const LIBRARIES = ['/usr/lib/*/faketime/libfaketimeMT.so.1', '/usr/lib/faketime/libfaketimeMT.so.1'];

/** A wall clock that can be moved while the processes that go by it run. Their monotonic clock is the machine's. */
export class FakeClock {
  /** What a process has to have in its environment to go by it. */
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #file: string;

  private constructor(library: string) {
    this.#folder = mkdtempSync(join(tmpdir(), 'troupe-clock-'));
    this.#file = join(this.#folder, 'offset');
    this.set(0);
    this.env = {
      LD_PRELOAD: library,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
    };
  }

  /** A clock that is right; nothing where the machine has no faketime. */
  static find(): FakeClock | undefined {
    const library = LIBRARIES.flatMap((pattern) => globSync(pattern))[0];
    return library === undefined ? undefined : new FakeClock(library);
  }

  /** Sets it so many seconds before or after the right time. */
  set(seconds: number): void {
    writeFileSync(this.#file, `${seconds < 0 ? '' : '+'}${seconds}\n`);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
