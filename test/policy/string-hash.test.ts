import { expect, it } from 'vitest';
import { stringHash } from '../../services/policy/string-hash.ts';

it('the hash of a text is the same in every release: keys keep to their instances over an upgrade', () => {
  expect(stringHash('')).toBe(-1421968373);
  expect(stringHash('session-42')).toBe(1249272205);
});

it('texts that differ in one character have hashes that differ in half of their bits', () => {
  let changed = 0;
  for (let index = 0; index < 1_000; index++) {
    let bits = stringHash(`key-${index}`) ^ stringHash(`key-${index + 1}`);
    for (; bits !== 0; bits &= bits - 1) changed++;
  }
  expect(changed / 1_000).toBeGreaterThan(15);
  expect(changed / 1_000).toBeLessThan(17);
});
