import { equals, fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import { type Value, ValueSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Payload } from '../../services/protocol/codec/payload.ts';
import { fromValue, type JsonValue, toValue } from '../../services/protocol/value.ts';
import { refusal } from './refusal.ts';

function numberValue(value: number): Value {
  return { $typeName: 'google.protobuf.Value', kind: { case: 'numberValue', value } };
}

/** A value that stands within `depth` arrays. */
function nested(depth: number): JsonValue {
  let json: JsonValue = 1;
  for (let i = 0; i < depth; i++) json = [json];
  return json;
}

/** Within arrays and objects by turns, as a Value. */
function nestedValue(depth: number): Value {
  let value = numberValue(1);
  for (let i = 0; i < depth; i++) {
    value = {
      $typeName: 'google.protobuf.Value',
      kind:
        i % 2
          ? { case: 'listValue', value: { $typeName: 'google.protobuf.ListValue', values: [value] } }
          : { case: 'structValue', value: { $typeName: 'google.protobuf.Struct', fields: { a: value } } },
    };
  }
  return value;
}

describe('a JSON value', () => {
  it('becomes the same Value that protobuf-es makes of it, and comes back as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (anyJson) => {
        const json = anyJson as JsonValue;
        const value = toValue(json);
        expect(equals(ValueSchema, value, fromJson(ValueSchema, json))).toBe(true);
        expect(toBinary(ValueSchema, value)).toEqual(toBinary(ValueSchema, fromJson(ValueSchema, json)));
        expect(fromValue(value)).toStrictEqual(json);
        expect(fromValue(fromBinary(ValueSchema, toBinary(ValueSchema, value)))).toEqual(
          toJson(ValueSchema, value),
        );
      }),
    );
  });

  it('may have a property called __proto__, which stays a property', () => {
    const json = JSON.parse('{"__proto__": {"admin": true}, "toString": 1}');
    const back = fromValue(toValue(json));
    expect(JSON.stringify(back)).toBe(JSON.stringify(json));
    expect((back as { admin?: boolean }).admin).toBeUndefined();
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
  });

  it('loses its undefined properties, as JSON does', () => {
    const json = { kept: null, lost: undefined } as unknown as JsonValue;
    expect(fromValue(toValue(json))).toStrictEqual({ kept: null });
  });

  it('may hold instances that say what they are in JSON: a Date is its text, as JSON.stringify has it', () => {
    class Money {
      readonly cents = 250;
      toJSON(key: string) {
        return { [key]: `${this.cents / 100} €` };
      }
    }
    class Itself {
      readonly a = 1;
      // Not asked again, or it would never end.
      toJSON() {
        return this;
      }
    }
    class Index extends Map<string, number> {
      toJSON() {
        return Object.fromEntries(this);
      }
    }
    const json = {
      at: new Date(0),
      never: new Date(Number.NaN),
      prices: [new Money()],
      self: Object.defineProperty(new Itself(), 'toJSON', { enumerable: false }),
      index: new Index([['a', 1]]),
    };
    const back = fromValue(toValue(json as unknown as JsonValue));
    expect(back).toStrictEqual(JSON.parse(JSON.stringify(json)));
    expect(back).toMatchObject({ at: '1970-01-01T00:00:00.000Z', prices: [{ 0: '2.5 €' }] });
    expect(fromValue(toValue(new Date(0) as never))).toBe('1970-01-01T00:00:00.000Z');
  });

  it('may be an instance of a class, or an object without a prototype: it has its own properties', () => {
    class Point {
      readonly x = 1;
      get twice() {
        return 2;
      }
    }
    expect(fromValue(toValue({ point: new Point() } as never))).toStrictEqual({ point: { x: 1 } });
    expect(fromValue(toValue(Object.assign(Object.create(null), { x: 1 })))).toStrictEqual({ x: 1 });
  });

  it('is written right where a toJSON on the way makes a value of its own', () => {
    class Nosy {
      toJSON() {
        return { inner: fromValue(toValue({ text: 'inner' })) };
      }
    }
    const json = { first: 1, nosy: new Nosy() as unknown as JsonValue, last: 'x' };
    expect(fromValue(toValue(json))).toEqual({ first: 1, nosy: { inner: { text: 'inner' } }, last: 'x' });
  });

  it('may be nested 32 deep', () => {
    expect(fromValue(toValue(nested(32)))).toEqual(nested(32));
    expect(fromValue(nestedValue(32))).toBeDefined();
  });
});

describe('a Value', () => {
  it('may hold fields that are not known, in it and in what stands in it, and a second kind', () => {
    // Field 100, in a list and beside it; and a number that a text takes the place of.
    const bytes = Buffer.from(
      '3209' + '0a07' + 'a00601' + '2001' + '2000' + 'a00601' + '1100000000000000001a0178',
      'hex',
    );
    expect(fromValue(new Payload(bytes))).toBe('x');
    expect(
      fromValue(new Payload(Buffer.from('3207' + '0a05' + 'a00601' + '2001' + 'a00601', 'hex'))),
    ).toEqual([true]);
  });

  it.each([
    { name: 'that is absent', value: undefined },
    {
      name: 'without a kind',
      value: { $typeName: 'google.protobuf.Value', kind: { case: undefined } } as Value,
    },
  ])('$name is null', ({ value }) => {
    expect(fromValue(value)).toBeNull();
  });
});

const cyclic: JsonValue[] = [];
cyclic.push({ again: cyclic });

describe('INVALID_PAYLOAD refuses', () => {
  it.each([
    ...[
      ['a text that is no UTF-8', '1a02fffe'],
      ['bytes that end too early', '1a7f78'],
      ['a group that does not end', 'a306'],
      ['what is no UTF-8 behind a field that is not known', 'a006011a02fffe'],
    ].map(([name, hex]) => ({
      name: `${name}`,
      refused: () => fromValue(new Payload(Buffer.from(hex!, 'hex'))),
      field: 'payload',
    })),
    { name: 'NaN', refused: () => toValue(Number.NaN), field: 'payload' },
    { name: 'Infinity', refused: () => toValue({ a: [1, Number.POSITIVE_INFINITY] }), field: 'payload.a[1]' },
    { name: 'a function', refused: () => toValue({ f: () => 1 } as never), field: 'payload.f' },
    { name: 'undefined in an array', refused: () => toValue([undefined] as never), field: 'payload[0]' },
    { name: 'a bigint', refused: () => toValue(1n as never), field: 'payload' },
    { name: 'a Map', refused: () => toValue({ a: new Map([['b', 1]]) } as never), field: 'payload.a' },
    { name: 'a Set', refused: () => toValue([new Set([1])] as never), field: 'payload[0]' },
    { name: 'a Buffer', refused: () => toValue({ a: Buffer.from('x') } as never), field: 'payload.a' },
    {
      name: 'a typed array',
      refused: () => toValue({ a: new Float64Array(1) } as never),
      field: 'payload.a',
    },
    {
      name: 'an ArrayBuffer',
      refused: () => toValue({ a: new ArrayBuffer(1) } as never),
      field: 'payload.a',
    },
    {
      name: 'a DataView',
      refused: () => toValue(new DataView(new ArrayBuffer(1)) as never),
      field: 'payload',
    },
    {
      name: 'an instance that says it were a Set',
      refused: () =>
        toValue({
          a: new (class {
            toJSON = () => new Set();
          })(),
        } as never),
      field: 'payload.a',
    },
    {
      name: 'an instance that says nothing',
      refused: () =>
        toValue({
          a: new (class {
            toJSON() {}
          })(),
        } as never),
      field: 'payload.a',
    },
    { name: 'nesting over 32', refused: () => toValue(nested(33)), field: 'payload' },
    { name: 'a value that holds itself', refused: () => toValue(cyclic), field: 'payload' },
    { name: 'NaN in a Value', refused: () => fromValue(numberValue(Number.NaN)), field: 'payload' },
    { name: '-Infinity in a Value', refused: () => fromValue(numberValue(-1 / 0)), field: 'payload' },
    { name: 'nesting over 32 in a Value', refused: () => fromValue(nestedValue(33)), field: 'payload' },
  ])('$name, and says where', async ({ refused, field }) => {
    const { reason, fields, text } = await refusal(refused);
    expect(reason).toBe('INVALID_PAYLOAD');
    expect(fields).toEqual([field]);
    expect(text.startsWith(`${field} is `)).toBe(true);
  });

  it.each([
    [
      'a Buffer',
      Buffer.from('x'),
      'payload.a is a Buffer, which JSON does not have: make an array of numbers, attach bytes',
    ],
    [
      'bytes',
      new Uint8Array(1),
      'payload.a is a Uint8Array, which JSON does not have: make an array of numbers, attach bytes',
    ],
    ['a Map', new Map(), 'payload.a is a Map, which JSON does not have: make an object or array of it'],
  ])('%s, and says what to send instead', async (_, a, says) => {
    expect((await refusal(() => toValue({ a } as never))).text).toContain(says);
  });
});
