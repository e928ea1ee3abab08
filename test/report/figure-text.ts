const THREE_DIGITS = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** A figure as people read it, to three digits: `41,200`, `0.128`. */
export function figureText(figure: number): string {
  return Number.isFinite(figure) ? THREE_DIGITS.format(figure) : '–';
}
