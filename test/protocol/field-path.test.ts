import { expect, it } from 'vitest';
import { fieldPath } from '../../services/protocol/field-path.ts';

it.each([
  { keys: [], path: 'payload' },
  { keys: ['items', 2, 'name'], path: 'payload.items[2].name' },
  { keys: [0, 1], path: 'payload[0][1]' },
  { keys: ['größe', 'x-id', '$ref'], path: 'payload.größe.x-id.$ref' },
  { keys: ['a name', '2', ''], path: 'payload["a name"]["2"][""]' },
])('the way $keys reads $path', ({ keys, path }) => {
  expect(fieldPath('payload', keys)).toBe(path);
});
