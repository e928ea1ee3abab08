import type { JsonObject, JsonValue } from '@bufbuild/protobuf';

/** How many steps, at most and roughly, it takes to check a value against one schema. */
export type SchemaCost = (value: JsonValue) => number;

/** Counting stops here: a value that is larger is large enough to be careful. */
const LARGE = 1_000_000;

/**
 * The cost of checks against `schema`. Each value is met at most once by each schema in it, where references are
 * written out: one that refers to itself costs Infinity, since a value of depth n may then take 2^n steps. Under
 * `uniqueItems` items are compared in pairs.
 */
export function schemaCost(schema: JsonObject): SchemaCost {
  const width = writtenOut(schema);
  const inPairs = JSON.stringify(schema).includes('"uniqueItems":true');
  return (value) => {
    const size = sizeOf(value, LARGE);
    return width * size + (inPairs ? size ** 2 : 0);
  };
}

/** How many values and names a schema has with its references written out. */
function writtenOut(root: JsonObject): number {
  const known = new Map<JsonValue, number>();
  return count(root);

  function count(schema: JsonValue | undefined): number {
    if (typeof schema !== 'object' || schema === null) return 1;
    const before = known.get(schema);
    if (before !== undefined) return before;
    known.set(schema, Number.POSITIVE_INFINITY);
    let width = 1;
    for (const [name, part] of Object.entries(schema)) {
      width += isReference(name, part) ? count(target(part)) : count(part);
    }
    known.set(schema, width);
    return width;
  }

  /** What a reference points at; the root, and so Infinity, where that is not plain. */
  function target(reference: string): JsonValue | undefined {
    let found: JsonValue | undefined = root;
    for (const key of reference.split('/').slice(1)) {
      if (typeof found !== 'object' || found === null) return root;
      found = (found as JsonObject)[key.replaceAll('~1', '/').replaceAll('~0', '~')];
    }
    return found ?? root;
  }
}

function isReference(name: string, part: JsonValue): part is string {
  return (name === '$ref' || name === '$dynamicRef') && typeof part === 'string';
}

/** How large a value is: its parts, and a part more for every 16 characters of text. At most about `limit`. */
function sizeOf(value: JsonValue, limit: number): number {
  if (typeof value === 'string') return 1 + (value.length >> 4);
  if (typeof value !== 'object' || value === null) return 1;
  let size = 1;
  for (const key in value) {
    if (size > limit) break;
    size += sizeOf((value as JsonObject)[key]!, limit - size);
  }
  return size;
}
