import { Line, type Seating } from './line.ts';

/**
 * How many lines a lane has at most, beside the main one. Ours: a mesh asks for labels in fewer ways at a time; strangers
 * may ask in any number of them.
 */
const MAX_LINES = 64;

/** The lines of a lane: a main one, and one for each selection by labels, made when first needed. */
export class Lines {
  readonly #lane: Seating;
  readonly #main: Line;
  readonly #labelled = new Map<string, Line>();

  constructor(lane: Seating) {
    this.#lane = lane;
    this.#main = new Line(lane);
  }

  /** The line of the tasks that ask for these labels; the main one where all others are in use. */
  of(labels: Readonly<Record<string, string>> | undefined): Line {
    if (!labels) return this.#main;
    const key = keyOf(labels);
    const line = this.#labelled.get(key);
    if (line) return line;
    if (this.#labelled.size >= MAX_LINES && !this.#closeIdle()) return this.#main;
    const made = new Line(this.#lane, labels);
    this.#labelled.set(key, made);
    return made;
  }

  /** Makes room for another line; answers whether there was one that nobody uses. */
  #closeIdle(): boolean {
    for (const [key, line] of this.#labelled) if (line.idle) return this.#labelled.delete(key);
    return false;
  }
}

/** The same for the same labels, in whichever order they come. */
function keyOf(labels: Readonly<Record<string, string>>): string {
  const keys = Object.keys(labels).sort();
  return JSON.stringify(keys.map((key) => [key, labels[key]]));
}
