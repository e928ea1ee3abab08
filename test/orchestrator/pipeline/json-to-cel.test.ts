import { type CelInput, isCelList, isCelMap } from '@bufbuild/cel';
import { describe, expect, it } from 'vitest';
import { jsonToCel } from '../../../services/orchestrator/pipeline/json-to-cel.ts';
import type { JsonObject } from '../../../services/protocol/value.ts';

/** An object that tells when somebody looks at its property `tripwire`. */
function wired(): { object: JsonObject; looks: () => number } {
  let looks = 0;
  const object: JsonObject = { near: 1 };
  const get = () => {
    looks++;
    return {};
  };
  Object.defineProperty(object, 'tripwire', { enumerable: true, get });
  return { object, looks: () => looks };
}

function mapOf(value: CelInput | undefined) {
  if (!isCelMap(value)) throw new Error('It is no map.');
  return value;
}

function listOf(value: CelInput | undefined) {
  if (!isCelList(value)) throw new Error('It is no list.');
  return value;
}

describe('JSON as CEL takes it', () => {
  it('is made as far as somebody looks into it, and no further', () => {
    const { object, looks } = wired();
    const list = listOf(jsonToCel([1, object]));
    expect(list.size).toBe(2);
    const map = mapOf(list.get(1));
    expect([map.size, map.get('near'), [...map.keys()]]).toEqual([2, 1, ['near', 'tripwire']]);
    expect(looks()).toBe(0);
    expect(mapOf(map.get('tripwire')).size).toBe(0);
    expect(looks()).toBe(1);
  });

  it('shows the same by each way through it', () => {
    const list = listOf(jsonToCel(['a', ['b'], { c: null }]));
    const [text, inner, map] = [...list];
    expect(text).toBe('a');
    expect([...listOf(inner)]).toEqual(['b']);
    expect([...mapOf(map)]).toEqual([['c', null]]);
    expect([...mapOf(map).values()]).toEqual([null]);
    const seen: unknown[] = [];
    mapOf(map).forEach((value, key) => {
      seen.push([key, value]);
    });
    expect(seen).toEqual([['c', null]]);
    expect(list.get(3)).toBeUndefined();
  });

  it('has no property that an object inherits, and no key that is no text', () => {
    const map = mapOf(jsonToCel({ a: 1 }));
    expect([map.get('constructor'), map.get('__proto__'), map.get(1), map.get(true)]).toEqual(
      Array(4).fill(undefined),
    );
    expect(map.has('toString')).toBe(false);
  });
});
