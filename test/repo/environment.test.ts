import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const sorted = (names: Iterable<string>) => [...new Set(names)].toSorted();

/** A constant of the code, not a variable. */
const NO_VARIABLES = ['TROUPE_DOMAIN'];

it('docs/environment.md has a row for every variable that a service knows, and for no other', () => {
  const known = globSync('services/**/*.ts', { cwd: ROOT })
    .flatMap((file) => read(file).match(/\bTROUPE_[A-Z_]+\b/g) ?? [])
    .filter((name) => !NO_VARIABLES.includes(name));
  const rows = [...read('docs/environment.md').matchAll(/^\| `(TROUPE_[A-Z_]+)` \|/gm)].map(
    ([, name]) => name!,
  );
  expect(sorted(rows)).toEqual(sorted(known));
});
