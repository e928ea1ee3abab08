import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { compileSchema } from '../../services/protocol/schema.ts';
import { refusal } from './refusal.ts';

async function violations(schema: JsonObject, value: JsonValue): Promise<string[]> {
  const check = await compileSchema(schema);
  return check(value).map(({ field, description }) => `${field} ${description}`);
}

const order: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['items'],
  additionalProperties: false,
  properties: {
    items: { type: 'array', items: { $ref: '#/$defs/item' } },
    colour: { enum: ['red', 'blue'] },
    'a/b~c': { const: 1 },
  },
  $defs: {
    item: { type: 'object', required: ['name'], properties: { name: { type: 'string', minLength: 2 } } },
  },
};

describe('a value', () => {
  it.each<{ name: string; schema: JsonObject; value: JsonValue; wrong: string[] }>([
    { name: 'that meets the schema', schema: order, value: { items: [{ name: 'ab' }] }, wrong: [] },
    { name: 'of another type', schema: order, value: 'text', wrong: ['payload must be object'] },
    {
      name: 'with several faults',
      schema: order,
      value: { items: [{ name: 'ab' }, {}, { name: 'a' }], colour: 'green', 'a/b~c': 2, more: 1 },
      wrong: [
        'payload.more is not a property that the schema knows',
        'payload.items[1].name is missing',
        'payload.items[2].name must NOT have fewer than 2 characters',
        'payload.colour must be one of "red","blue"',
        'payload["a/b~c"] must be 1',
      ],
    },
    {
      name: 'whose object has numbers for names',
      schema: { additionalProperties: { type: 'string' } },
      value: { 0: 1 },
      wrong: ['payload["0"] must be string'],
    },
    {
      name: 'that only inherits a required property',
      schema: { required: ['toString'], properties: { toString: { type: 'string' } } },
      value: {},
      wrong: ['payload.toString is missing'],
    },
    {
      name: 'of any format',
      schema: { format: 'email', maxLength: 9, unknown: [] },
      value: 'no mail',
      wrong: [],
    },
  ])('$name is told what is wrong, and where', async ({ schema, value, wrong }) => {
    expect((await violations(schema, value)).toSorted()).toEqual(wrong.toSorted());
  });

  it('with very many faults is told the first 32', async () => {
    expect(await violations({ items: { type: 'string' } }, new Array(1000).fill(1))).toHaveLength(32);
  });
});

describe('a pattern', () => {
  it.each([
    { pattern: '^(a+)+$', text: 'a'.repeat(50_000), meets: true },
    { pattern: '^(a+)+$', text: `${'a'.repeat(50_000)}!`, meets: false },
    { pattern: '^(\\w+\\s?)*$', text: `${'word '.repeat(10_000)}!`, meets: false },
    { pattern: '^\\p{Lu}\\u00fc\\/\\d{2}', text: 'Äü/42 and more', meets: true },
    { pattern: '🎭$', text: 'all the world 🎭', meets: true },
  ])('$pattern has the right answer, however catastrophic', async ({ pattern, text, meets }) => {
    expect(await violations({ type: 'string', pattern }, text)).toHaveLength(meets ? 0 : 1);
  });
});

describe('a schema', () => {
  it.each<{ name: string; schema: JsonObject; field?: string; why: string }>([
    { name: 'over 64 KiB', schema: { title: 'x'.repeat(65_536) }, why: 'has 65548 bytes' },
    {
      name: 'that refers to a URL',
      schema: { items: { $ref: 'https://a.example/b' } },
      why: 'https://a.example/b',
    },
    {
      name: 'that refers to the dialect',
      schema: { $ref: 'https://json-schema.org/draft/2020-12/schema' },
      why: '#…',
    },
    {
      name: 'that hides a URL from the eye',
      schema: { properties: { const: { $ref: 'https://a.example/b' } } },
      why: "can't resolve reference https://a.example/b",
    },
    {
      name: 'that refers to nothing',
      schema: { $ref: '#/$defs/none' },
      why: "can't resolve reference #/$defs/none",
    },
    {
      name: 'of another dialect',
      schema: { $schema: 'http://json-schema.org/draft-07/schema#' },
      why: 'draft-07',
    },
    {
      name: 'with a type that is none',
      schema: { type: 'strin' },
      field: 'input_schema.type',
      why: 'must be',
    },
    {
      name: 'with a fault within',
      schema: { properties: { a: { minLength: -1 } } },
      field: 'input_schema.properties.a.minLength',
      why: 'must be >= 0',
    },
    { name: 'with a pattern that is none', schema: { pattern: '(' }, why: 'missing closing )' },
    { name: 'with a pattern that looks back', schema: { pattern: '(a)\\1' }, why: 'invalid escape sequence' },
    { name: 'that would be checked elsewhen', schema: { $async: true }, why: '$async' },
  ])('$name is refused, INVALID_MESSAGE', async ({ schema, field = 'input_schema', why }) => {
    const refused = await refusal(() => compileSchema(schema));
    expect(refused.reason).toBe('INVALID_MESSAGE');
    expect(refused.fields[0]).toBe(field);
    expect(refused.text).toContain(why);
  });

  it('may have the same $id as another', async () => {
    const $id = 'https://a.example/schema';
    expect(await violations({ $id, type: 'string' }, 1)).toEqual(['payload must be string']);
    expect(await violations({ $id, type: 'number' }, 1)).toEqual([]);
  });

  it('may refer to itself, as trees do', async () => {
    const tree: JsonObject = {
      type: 'object',
      properties: { children: { type: 'array', items: { $ref: '#' } } },
    };
    expect(await violations(tree, { children: [{ children: [] }, { children: [1] }] })).toEqual([
      'payload.children[1].children[0] must be object',
    ]);
  });
});

describe('a check that would never end', () => {
  /** References that double at each of 60 steps: 2^60 checks of one value. */
  const doubling = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => {
      const next: JsonObject = { $ref: `#/$defs/d${i + 1}` };
      return [`d${i}`, { allOf: [next, next] }];
    }),
  );
  let deep: JsonValue = 1;
  for (let i = 0; i < 90; i++) deep = [deep];

  it.each<{ name: string; schema: JsonObject; value: JsonValue }>([
    {
      name: 'doubling references',
      schema: { $ref: '#/$defs/d0', $defs: { ...doubling, d60: {} } },
      value: 1,
    },
    {
      name: 'recursion that forks',
      schema: { allOf: [{ items: { $ref: '#' } }, { items: { $ref: '#' } }] },
      value: deep,
    },
    {
      name: 'a large array of different objects',
      schema: { uniqueItems: true },
      value: Array.from({ length: 100_000 }, (_, n) => ({ n })),
    },
  ])('because of $name ends with a violation', async ({ schema, value }) => {
    const check = await compileSchema(schema);
    expect(check(value)).toEqual([
      { field: 'payload', description: expect.stringContaining('more than 500 ms') },
    ]);
  });

  it('leaves the next check of the same schema as it was', async () => {
    const check = await compileSchema({ uniqueItems: true, items: { properties: { n: { pattern: '^a' } } } });
    expect(check(Array.from({ length: 100_000 }, (_, n) => ({ n })))).toHaveLength(1);
    expect(check([{ n: 'a' }, { n: 'b' }, { n: 'a' }]).map(({ field }) => field)).toEqual([
      'payload[1].n',
      'payload',
    ]);
  });
});
