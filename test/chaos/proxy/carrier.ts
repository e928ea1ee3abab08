import type { Socket } from 'node:net';
import type { Treatment, Way } from './treatment.ts';

/** How much may wait on its way before no more is read, in bytes. */
const MAX_WAITING = 1024 * 1024;

/** How much of what is slowed down arrives at once, in milliseconds of its time. */
const PIECE_MS = 10;

/** Carries bytes one way, in order, and treats them as it is told at the moment at which they come. */
export class Carrier {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #way: Way;
  #treatment: Treatment;
  /** What is due later, in the order in which it came: timers by themselves do not keep it. */
  readonly #due: { at: number; size: number; act: () => void }[] = [];
  #waiting = 0;
  /** When the last of what waits is due: what comes later must not overtake it. */
  #dueAt = 0;

  constructor(from: Socket, to: Socket, way: Way, treatment: Treatment) {
    this.#from = from;
    this.#to = to;
    this.#way = way;
    this.#treatment = treatment;
    from.on('data', (bytes: Buffer) => this.#carry(bytes));
    from.on('end', () => this.#later(0, () => to.end()));
    // The news of an end does not arrive either while bytes do not.
    from.on('close', () => this.#holds || this.#later(0, () => to.resetAndDestroy()));
    to.on('drain', () => this.#readOn());
    this.treat(treatment);
  }

  /** From now on, bytes are treated like this. */
  treat(treatment: Treatment): void {
    this.#treatment = treatment;
    if (this.#from.destroyed && !this.#holds) this.#to.resetAndDestroy();
    this.#readOn();
  }

  #carry(bytes: Buffer): void {
    const { corruptByte = 0, bytesPerMs = Number.POSITIVE_INFINITY } = this.#treatment;
    const carried = corruptByte > 0 ? corrupted(bytes, corruptByte) : bytes;
    const size = Math.min(carried.length, bytesPerMs * PIECE_MS);
    for (let at = 0; at < carried.length; at += size) {
      const piece = carried.subarray(at, at + size);
      this.#later(piece.length, () => {
        this.#to.write(piece);
        this.#readOn();
      });
    }
  }

  #later(size: number, act: () => void): void {
    const { delayMs = 0, bytesPerMs = Number.POSITIVE_INFINITY } = this.#treatment;
    const now = performance.now();
    const dueAt = Math.max(now + delayMs, this.#dueAt) + size / bytesPerMs;
    if (dueAt <= now && this.#due.length === 0) return act();
    this.#dueAt = dueAt;
    this.#waiting += size;
    if (this.#due.push({ at: dueAt, size, act }) === 1) this.#wait();
    this.#readOn();
  }

  #wait(): void {
    const [next] = this.#due;
    if (!next) return;
    setTimeout(() => {
      const now = performance.now();
      while (this.#due[0] && this.#due[0].at <= now) {
        const { size, act } = this.#due.shift()!;
        this.#waiting -= size;
        act();
      }
      this.#wait();
    }, next.at - performance.now());
  }

  get #holds(): boolean {
    const { hold } = this.#treatment;
    return hold === 'both' || hold === this.#way;
  }

  /** Bytes that are not read wait with whoever sent them. */
  #readOn(): void {
    const isFull = this.#waiting + this.#to.writableLength > MAX_WAITING;
    if (isFull || this.#holds) this.#from.pause();
    else this.#from.resume();
  }
}

function corrupted(bytes: Buffer, chance: number): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = 0; at < copy.length; at++) {
    if (Math.random() < chance) copy[at] = Math.floor(Math.random() * 256);
  }
  return copy;
}
