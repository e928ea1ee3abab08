import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/**
 * How many fields a message may hold in all, those of the messages in it included. Ours: an honest one has a few
 * hundred; what is made of 4 MiB of empty ones takes seconds, and hundreds of megabytes.
 */
export const MAX_FIELDS = 32_768;

/**
 * How many JSON values may stand in a message, those in one another included, where they are read with it; one in an
 * object, and an object or list, counts twice. Ours: a list of numbers of 4 MiB has 381,000; what is made of 4 MiB of
 * empty ones takes a second, and 252 MB.
 */
export const MAX_JSON_VALUES = 524_288;

/** The fewest bytes that a field takes: its tag, and its value or length. */
const LEAST_FIELD_BYTES = 2;

/** Up to this size, in bytes, a message cannot hold too many fields, and need not be counted. */
export const UNCOUNTED_BYTES = MAX_FIELDS * LEAST_FIELD_BYTES;

/** How deep is looked. protobuf-es reads no deeper either: see READ_OPTIONS. */
const MAX_DEPTH = 1000;

const JSON_TYPES: ReadonlySet<string> = new Set([
  'google.protobuf.Value',
  'google.protobuf.Struct',
  'google.protobuf.ListValue',
]);

/** How a message is counted. */
export interface CountOptions {
  /** How many fields there may be. Default: MAX_FIELDS. */
  maxFields?: number;
  /** Whether JSON is looked into. Default: false, for what is passed on as it is. */
  json?: boolean;
}

/** What is known of a field. */
interface Part {
  readonly name: string;
  /** Whether it holds JSON. */
  readonly isJson: boolean;
  /** The fields of the message that it holds; nothing where it holds none. */
  readonly parts: Parts | undefined;
}

/** By the fields' numbers. */
type Parts = ReadonlyMap<number, Part>;

const known = new Map<DescMessage, Parts>();

/**
 * What an encoded message holds too many of, in words that begin with the field; nothing where there are not too many.
 * Nothing is made of the fields, and a message that is too small to hold so many is not looked into. Throws where the
 * bytes are malformed.
 */
export function excessIn(desc: DescMessage, bytes: Uint8Array, options?: CountOptions): Excess | undefined {
  if (bytes.length <= UNCOUNTED_BYTES) return undefined;
  const count = countFields(desc, bytes, options);
  return typeof count === 'number' ? undefined : count;
}

/** What there is too much of. */
export interface Excess {
  /** The field with which it is: a path such as `message.attachments`. */
  readonly field: string;
  /** What is wrong with it, and the bound. */
  readonly description: string;
}

/** How many fields an encoded message holds, or what it holds too many of. Throws where the bytes are malformed. */
export function countFields(
  desc: DescMessage,
  bytes: Uint8Array,
  options: CountOptions = {},
): number | Excess {
  const count = new Count(bytes, options);
  const field = count.through(bytes.length, partsOf(desc));
  return field === undefined ? count.fields : { field, description: count.complaint };
}

class Count {
  fields = 0;
  complaint = '';
  readonly #reader: BinaryReader;
  readonly #maxFields: number;
  readonly #json: boolean;
  #values = 0;
  #depth = 0;

  constructor(bytes: Uint8Array, { maxFields = MAX_FIELDS, json = false }: CountOptions) {
    this.#reader = new BinaryReader(bytes);
    this.#maxFields = maxFields;
    this.#json = json;
  }

  /** Counts up to `end`; the path of the field that is one too many. */
  through(end: number, parts: Parts | undefined, inJson = false): string | undefined {
    const reader = this.#reader;
    while (reader.pos < end) {
      const tag = reader.uint32();
      const part = parts?.get(tag >>> 3);
      if (!inJson && ++this.fields > this.#maxFields) return this.#tooMany(tag >>> 3, part);
      const type: WireType = tag & 7;
      // What stands in a group is counted as if it did not.
      if (type === WireType.StartGroup || type === WireType.EndGroup) continue;
      if (type !== WireType.LengthDelimited) {
        reader.skip(type);
        continue;
      }
      const inner = reader.uint32() + reader.pos;
      const path = part?.parts && this.#into(inner, part);
      if (path !== undefined) return path;
      reader.pos = inner;
    }
    return undefined;
  }

  #into(end: number, { name, isJson, parts }: Part): string | undefined {
    if (this.#depth === MAX_DEPTH || (isJson && !this.#json)) return undefined;
    if (isJson && ++this.#values > MAX_JSON_VALUES) {
      this.complaint = `holds more than ${MAX_JSON_VALUES} JSON values, with those in one another`;
      return name;
    }
    this.#depth++;
    const path = this.through(end, parts, isJson);
    this.#depth--;
    if (path === undefined) return undefined;
    // Where in the JSON it is would say nothing.
    return isJson ? name : `${name}.${path}`;
  }

  #tooMany(number: number, part: Part | undefined): string {
    this.complaint = `is one field too many: a message holds at most ${MAX_FIELDS}, those of the messages in it included`;
    return part?.name ?? `field ${number}`;
  }
}

function partsOf(desc: DescMessage): Parts {
  const before = known.get(desc);
  if (before) return before;
  const parts = new Map<number, Part>();
  // Before its fields are: JSON holds itself.
  known.set(desc, parts);
  for (const field of desc.fields) parts.set(field.number, partOf(field, JSON_TYPES.has(desc.typeName)));
  return parts;
}

function partOf({ name, message, fieldKind }: DescField, inJson: boolean): Part {
  if (!message) return { name, isJson: inJson, parts: undefined };
  const isJson = inJson || JSON_TYPES.has(message.typeName);
  const parts = partsOf(message);
  // An entry of a map holds its value as field 2.
  if (fieldKind === 'map') return { name, isJson, parts: new Map([[2, { name: 'value', isJson, parts }]]) };
  return { name, isJson, parts };
}
