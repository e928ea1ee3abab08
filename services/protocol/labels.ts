import { fieldPath } from './field-path.ts';
import type { Violation } from './reason.ts';

/** The most labels on a card, and the most that a task asks for. */
export const MAX_LABELS = 64;

/** The most characters of an id, a name, or a label's key or value. */
export const MAX_NAME_CHARACTERS = 128;

/**
 * What is wrong with labels, in the order in which they stand; `path` is where that is: `['labels']`. Of too many it is
 * said alone that they are.
 */
export function checkLabels(
  labels: Readonly<Record<string, string>>,
  [root, ...path]: readonly [string, ...string[]],
): Violation[] {
  const entries = Object.entries(labels);
  if (entries.length > MAX_LABELS) {
    const description = `are ${entries.length}: at most ${MAX_LABELS} are allowed`;
    return [{ field: fieldPath(root, path), description }];
  }
  const violations: Violation[] = [];
  for (const [key, value] of entries) {
    if (!isLong(key) && !isLong(value)) continue;
    const description = `must have a key and a value of at most ${MAX_NAME_CHARACTERS} characters`;
    violations.push({ field: fieldPath(root, [...path, key]), description });
  }
  return violations;
}

/** Whether a text is longer than a name may be. Counts characters, not UTF-16 units, as every other language does. */
export function isLong(text: string): boolean {
  return text.length > MAX_NAME_CHARACTERS && [...text].length > MAX_NAME_CHARACTERS;
}
