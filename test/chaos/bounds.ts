import { figureText } from '../report/figure-text.ts';
import type { Seen } from './row.ts';

/** A figure that was seen, and what it must not pass. The bound itself is allowed. */
export interface Bound {
  /** Its name for machines: `p99Ms`. */
  name: string;
  /** What it is, for people: `p99`. */
  what: string;
  /** What it is where the figure is less than zero, and then told without its sign. Default: as `what` says. */
  whatBelow?: string;
  figure: number;
  /** `ms`, `%`, `MiB`; nothing for a count. */
  unit?: string;
  /** The most that it may be. */
  most?: number;
  /** The least that it may be. */
  least?: number;
}

/**
 * What is seen of a row whose figures are held to bounds: met where every bound is held, and a figure that is none
 * (nothing was there to be measured) holds no bound. `others`: figures that decide nothing.
 */
export function heldTo(bounds: readonly Bound[], others: Readonly<Record<string, number>> = {}): Seen {
  const figures = Object.fromEntries(bounds.map(({ name, figure }) => [name, figure]));
  return {
    seen: bounds.map(boundText).join('; '),
    figures: { ...figures, ...others },
    met: bounds.every(isHeld),
  };
}

function isHeld({ figure, most, least }: Bound): boolean {
  // NaN is neither.
  return figure <= (most ?? figure) && figure >= (least ?? figure);
}

/** `p99: 12.3 ms`, and where it misses `p99: 123 ms (missed: ≤ 50 ms)`. */
function boundText(bound: Bound): string {
  const { most, least, unit } = bound;
  const withUnit = (value: number) => `${figureText(value)}${unit ? ` ${unit}` : ''}`;
  const { what, value } = shown(bound);
  const text = `${what}: ${withUnit(value)}`;
  if (isHeld(bound)) return text;
  const limits = [most !== undefined && `≤ ${withUnit(most)}`, least !== undefined && `≥ ${withUnit(least)}`];
  return `${text} (missed: ${limits.filter(Boolean).join(' and ')})`;
}

function shown({ what, whatBelow, figure }: Bound): { what: string; value: number } {
  return figure < 0 && whatBelow ? { what: whatBelow, value: -figure } : { what, value: figure };
}
