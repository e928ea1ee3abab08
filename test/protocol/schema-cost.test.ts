import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { schemaCost } from '../../services/protocol/schema-cost.ts';

const twice: JsonObject = {
  allOf: [{ $ref: '#/$defs/leaf' }, { $ref: '#/$defs/leaf' }],
  $defs: { leaf: { minimum: 1 } },
};

describe('the cost of a check', () => {
  it.each<{ name: string; schema: JsonObject; value: JsonValue; cost: number }>([
    {
      name: 'grows with the schema',
      schema: { type: 'array', items: { type: 'string' } },
      value: 1,
      cost: 4,
    },
    { name: 'grows with the value', schema: { minimum: 1 }, value: [1, { a: 2 }], cost: 2 * 4 },
    { name: 'grows with long texts', schema: { minimum: 1 }, value: 'x'.repeat(160), cost: 2 * 11 },
    // The root, allOf with each `$ref` (1 + 2), $defs with the leaf itself.
    {
      name: 'counts what is referred to each time',
      schema: twice,
      value: 1,
      cost: 1 + (1 + 2 * 3) + (1 + 2),
    },
    {
      name: 'is endless under recursion',
      schema: { items: { $ref: '#' } },
      value: 1,
      cost: Number.POSITIVE_INFINITY,
    },
    {
      name: 'is endless where the target is not plain',
      schema: { $ref: '#a' },
      value: 1,
      cost: Number.POSITIVE_INFINITY,
    },
    {
      name: 'counts pairs where items must differ',
      schema: { uniqueItems: true },
      value: [1, 2, 3],
      cost: 2 * 4 + 16,
    },
  ])('$name', ({ schema, value, cost }) => {
    expect(schemaCost(schema)(value)).toBe(cost);
  });

  it('stops counting where a value is very large', () => {
    const value = new Array<JsonValue>(3_000_000).fill(1);
    expect(schemaCost({})(value)).toBeLessThan(1_100_000);
  });
});
