const names = new Intl.DisplayNames('en', { type: 'language' });
const numbers = new Intl.NumberFormat('en');

/** What each reading ease and above is called; R. Flesch, "How to Write Plain English" (1979), table 1. */
const EASE: readonly [atLeast: number, name: string][] = [
  [90, 'very easy'],
  [80, 'easy'],
  [70, 'fairly easy'],
  [60, 'plain'],
  [50, 'fairly hard'],
  [30, 'hard'],
  [Number.NEGATIVE_INFINITY, 'very hard'],
];

/** What a Flesch reading ease is called. */
export function easeOf(readingEase: number): string {
  return EASE.find(([atLeast]) => readingEase >= atLeast)![1];
}

/** The English name of a language (`English`), or its tag where it has none. */
export function languageName(tag: string): string {
  try {
    return names.of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** A number for people: `12,345.6`. */
export function number(value: number): string {
  return numbers.format(value);
}

/** A time for people: `½ min`, `3½ min`, `1 h 20 min`. */
export function minutes(value: number): string {
  const whole = Math.floor(value);
  if (whole >= 60) return `${number(Math.floor(whole / 60))} h ${whole % 60} min`;
  return `${whole > 0 ? whole : ''}${value > whole ? '½' : ''} min`;
}
