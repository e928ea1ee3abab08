import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Node } from 'yaml';
import { type JsonValue, MAX_PAYLOAD_DEPTH } from '../../protocol/value.ts';
import { didYouMean } from './did-you-mean.ts';

/** What all values of one file share while it is read. */
export interface Reading {
  readonly document: Document;
  /** Takes a mistake, and where in the text it is. */
  readonly note: (offset: number, message: string) => void;
  /** How many aliases may still be followed. */
  aliasesLeft: number;
}

/** An entry of a mapping. */
export interface YamlEntry {
  readonly key: YamlValue;
  readonly value: YamlValue;
}

/**
 * A value in a YAML file, which knows where it stands. Reading it as something that it is not notes a mistake and
 * answers an empty value of that kind: one pass finds every mistake, and the code that reads stays flat.
 */
export class YamlValue {
  readonly #reading: Reading;
  readonly #node: Node | undefined;
  readonly #offset: number;
  readonly #name: string;
  /** Whether a mistake is noted already, so that nothing is said of what follows from it. */
  #broken = false;

  /**
   * @param node The value; null where the file has none.
   * @param offset Where it is, if it has no place of its own.
   * @param name What mistakes call it.
   */
  constructor(reading: Reading, node: unknown, offset: number, name: string) {
    this.#reading = reading;
    this.#offset = isNode(node) && node.range ? node.range[0] : offset;
    this.#name = name;
    this.#node = this.#followed(node);
  }

  /** Whether nothing is written here, or null. */
  get empty(): boolean {
    if (this.#broken) return false;
    return this.#node === undefined || (isScalar(this.#node) && this.#node.value === null);
  }

  /** Notes that something is wrong with this value. */
  wrong(message: string): void {
    if (!this.#broken) this.#reading.note(this.#offset, message);
  }

  /** Notes what a mapping lacks; nothing where it is no mapping, as that is noted already. */
  lacks(message: string): void {
    if (isMap(this.#node)) this.wrong(message);
  }

  /** A mapping with these keys, none required; one without a value counts as left out, any other is a mistake. */
  object<K extends string>(keys: readonly K[]): { [P in K]?: YamlValue } {
    const found: { [P in K]?: YamlValue } = {};
    for (const { key, value } of this.entries()) {
      const name = key.text() as K;
      if (!keys.includes(name)) key.wrong(`unknown key "${name}"${didYouMean(name, keys)}`);
      else if (!value.empty) found[name] = value;
    }
    return found;
  }

  /** A mapping with any keys. */
  entries(): YamlEntry[] {
    if (!isMap(this.#node)) return this.#unlike('a mapping', []);
    return this.#node.items.map((pair) => {
      const key = this.#inner(pair.key, 'a key');
      const name = isScalar(pair.key) ? `"${pair.key.value}"` : 'the value';
      return { key, value: new YamlValue(this.#reading, pair.value, key.#offset, name) };
    });
  }

  /** A list of `least` to `most` items. Default: as many as there are. */
  list(least = 0, most = Number.POSITIVE_INFINITY): YamlValue[] {
    if (!isSeq(this.#node)) return this.#unlike('a list', []);
    const count = this.#node.items.length;
    if (count < least || count > most)
      this.wrong(`${this.#name} must have ${least} to ${most} items, not ${count}`);
    return this.#node.items.map((item, index) => this.#inner(item, `item ${index + 1}`));
  }

  /** Text; a number, true or false is taken as it is written. */
  text(): string {
    if (!isScalar(this.#node) || this.#node.value === null) return this.#unlike('text', '');
    return typeof this.#node.value === 'string' ? this.#node.value : (this.#node.source ?? '');
  }

  /** True or false. */
  boolean(): boolean {
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    return typeof value === 'boolean' ? value : this.#unlike('true or false', false);
  }

  /** A whole number from `least` to `most`. */
  integer(least: number, most: number): number {
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    return this.#unlike(`a whole number from ${least} to ${most}`, least);
  }

  /** Anything that JSON can say, with at most `depth` mappings and lists in one another. Default: as in a payload. */
  json(depth = MAX_PAYLOAD_DEPTH): JsonValue {
    if (this.empty) return null;
    if (isScalar(this.#node)) return this.#jsonScalar(this.#node.value);
    if (depth === 0) return this.#unlike('nested less deeply', null);
    if (isSeq(this.#node)) return this.list().map((item) => item.json(depth - 1));
    const entries = this.entries();
    return Object.fromEntries(entries.map(({ key, value }) => [key.text(), value.json(depth - 1)]));
  }

  #jsonScalar(value: unknown): JsonValue {
    if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) {
      return value as JsonValue;
    }
    return this.#unlike('text, a finite number, true, false or null', null);
  }

  #inner(node: unknown, name: string): YamlValue {
    return new YamlValue(this.#reading, node, this.#offset, name);
  }

  #followed(node: unknown): Node | undefined {
    if (!isAlias(node)) return isNode(node) ? node : undefined;
    if (this.#reading.aliasesLeft-- > 0) {
      const anchored = node.resolve(this.#reading.document);
      if (anchored) return anchored;
      this.wrong(`no anchor "&${node.source}" stands before this alias`);
    } else if (this.#reading.aliasesLeft === -1) {
      this.wrong('too many aliases: write the values out');
    }
    this.#broken = true;
    return undefined;
  }

  #unlike<T>(wanted: string, instead: T): T {
    this.wrong(`${this.#name} must be ${wanted}, not ${kindOf(this.#node)}`);
    return instead;
  }
}

function kindOf(node: Node | undefined): string {
  if (isMap(node)) return 'a mapping';
  if (isSeq(node)) return 'a list';
  const value = isScalar(node) ? node.value : null;
  if (value === null) return 'empty';
  if (typeof value === 'string') return `the text "${value.slice(0, 40).toWellFormed()}"`;
  return String(value);
}
