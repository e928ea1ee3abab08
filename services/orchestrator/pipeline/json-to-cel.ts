import { type CelInput, celList, celMap } from '@bufbuild/cel';
import type { JsonObject, JsonValue } from '../../protocol/value.ts';

/**
 * A JSON value as CEL takes it, at a cost that does not depend on its size: what an expression looks into is made as it
 * does. Objects become maps, so that no property is taken for something else.
 */
export function jsonToCel(json: JsonValue): CelInput {
  if (typeof json !== 'object' || json === null) return json;
  if (!Array.isArray(json)) return celMap(new JsonMap(json));
  return celList(new Proxy(json, ITEMS) as readonly CelInput[]);
}

/** Shows the items of an array as CEL takes them; its length and methods are its own, and so see the same items. */
const ITEMS: ProxyHandler<JsonValue[]> = {
  get(array, key) {
    const found: unknown = Reflect.get(array, key);
    return typeof found === 'function' ? found : jsonToCel(found as JsonValue);
  },
};

/** The properties of an object, but none that it inherits. */
class JsonMap implements ReadonlyMap<string, CelInput> {
  readonly #json: JsonObject;

  constructor(json: JsonObject) {
    this.#json = json;
  }

  get size(): number {
    return Object.keys(this.#json).length;
  }

  get(key: unknown): CelInput | undefined {
    return this.has(key) ? jsonToCel(this.#json[key as string]!) : undefined;
  }

  has(key: unknown): boolean {
    return typeof key === 'string' && Object.hasOwn(this.#json, key);
  }

  forEach(visit: (value: CelInput, key: string, map: ReadonlyMap<string, CelInput>) => void): void {
    for (const [key, value] of this) visit(value, key, this);
  }

  *entries(): MapIterator<[string, CelInput]> {
    for (const key of this.keys()) yield [key, this.get(key)!];
  }

  keys(): MapIterator<string> {
    return Object.keys(this.#json).values();
  }

  *values(): MapIterator<CelInput> {
    for (const [, value] of this) yield value;
  }

  [Symbol.iterator](): MapIterator<[string, CelInput]> {
    return this.entries();
  }
}
