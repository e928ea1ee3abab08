import { isDeepStrictEqual } from 'node:util';
import { create } from '@bufbuild/protobuf';
import { type Value, ValueSchema } from '@bufbuild/protobuf/wkt';
import { BadRequestSchema, RetryInfoSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { MAX_MESSAGE_BYTES } from '../../protocol/message.ts';
import { type JsonValue, MAX_PAYLOAD_DEPTH, toValue } from '../../protocol/value.ts';
import { probed, receivedIn, refusalIn, resultIn, seenRefusal } from '../answer.ts';
import { breach } from '../breach.ts';
import type { Check } from '../check.ts';
import { atEveryDoor } from '../doors.ts';
import { explain, shown } from '../summarize.ts';
import type { Visit } from '../visit.ts';

const KIB = 1024;
/** A payload that leaves a message of the largest size room for its envelope. */
const LARGE_CHARACTERS = MAX_MESSAGE_BYTES - 16 * KIB;

const KINDS: JsonValue = [
  null,
  true,
  false,
  0,
  -1.5,
  2 ** 53,
  1e308,
  5e-324,
  'text',
  [1, [2]],
  { a: { b: null } },
];
const EMPTY: JsonValue = ['', [], {}, [[]], { '': '' }];
const UNICODE: JsonValue = [
  '\u0000\u0001\u007f',
  'e\u0301 é',
  '👩‍👩‍👧‍👦 🇨🇭',
  'שלום \u202eabc\u202c',
  '\ufeff\ufffe\uffff',
  '\u{10ffff}\u{1f600}',
  '\u2028\u2029\r\n\t',
];
const KEYS: JsonValue = {
  '': 1,
  ' ': 2,
  'a.b': 3,
  constructor: 4,
  toString: 5,
  '\u0000': 6,
  '🙂': 7,
  '1': 8,
};

/** What a message carries. */
export const payloadChecks: readonly Check[] = [
  echoed('payloads.kinds', 'Every kind of JSON value passes as it is.', KINDS),
  echoed('payloads.empty', 'Empty texts, arrays and objects are not null, and pass as they are.', EMPTY),
  echoed(
    'payloads.unicode',
    'Text passes as it is: control characters, combining, right to left, beyond the BMP.',
    UNICODE,
  ),
  echoed('payloads.keys', 'Any text may be the key of an object.', {
    ...(KEYS as object),
    ['__proto__']: { polluted: true },
  }),
  echoed(
    'payloads.deep',
    `Arrays and objects may be nested ${MAX_PAYLOAD_DEPTH} deep.`,
    nested(MAX_PAYLOAD_DEPTH - 1),
  ),
  {
    id: 'payloads.null',
    rule: 'An absent payload, and a Value with no kind, is null.',
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const { payload: _, ...absent } = visit.probe();
        resultIn(await ask(absent));
        const { echo } = probed(await ask(visit.probe({}, { payload: create(ValueSchema) })));
        const inner = probed(await ask(visit.probe({}, { payload: echoOrder(create(ValueSchema)) }))).echo;
        if (echo !== null || inner !== null)
          throw breach(`it echoed ${JSON.stringify(echo ?? inner ?? 'nothing')}`);
        return 'null';
      }),
  },
  {
    id: 'payloads.too-deep',
    rule: `Nesting over ${MAX_PAYLOAD_DEPTH} deep is refused INVALID_ARGUMENT / INVALID_PAYLOAD.`,
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        // Arrays alone: of these every protobuf library still reads as many.
        let value = toValue(null);
        for (let depth = 0; depth < MAX_PAYLOAD_DEPTH; depth++) value = listOf(value);
        return seenRefusal(await ask(visit.probe({}, { payload: echoOrder(value) })), 'INVALID_PAYLOAD');
      }),
  },
  {
    id: 'payloads.not-a-number',
    rule: 'NaN and Infinity are refused INVALID_ARGUMENT / INVALID_PAYLOAD.',
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        let seen = '';
        for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          const number = create(ValueSchema, { kind: { case: 'numberValue', value } });
          seen = seenRefusal(await ask(visit.probe({}, { payload: echoOrder(number) })), 'INVALID_PAYLOAD');
        }
        return seen;
      }),
  },
  {
    id: 'payloads.large',
    rule: 'A message may have 4 MiB - 64 KiB: one of nearly as much is taken, and answered.',
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const { echo } = probed(await ask(visit.probe({ echo: 'y'.repeat(LARGE_CHARACTERS) })));
        if (typeof echo !== 'string' || echo.length !== LARGE_CHARACTERS)
          throw breach('the echo is not as it was');
        return `${Math.round(LARGE_CHARACTERS / KIB)} KiB, there and back`;
      }),
  },
  {
    id: 'payloads.too-large-result',
    rule: 'A RESULT over 4 MiB - 64 KiB is not written: RESOURCE_EXHAUSTED / MESSAGE_TOO_LARGE, without RetryInfo.',
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const error = refusalIn(await ask(visit.probe({ size: MAX_MESSAGE_BYTES + 1 })), 'MESSAGE_TOO_LARGE');
        if (error.detail(RetryInfoSchema)) throw breach('it carries a RetryInfo');
        resultIn(await ask(visit.probe()));
        return `${explain(error)}, and the next task is answered`;
      }),
  },
  {
    id: 'payloads.schema',
    rule: 'A payload that does not meet input_schema is refused INVALID_PAYLOAD; a BadRequest says where.',
    needs: ['probe', 'input-check'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const answer = await ask(visit.probe({}, { payload: toValue({ delay_ms: 'soon' }) }));
        const error = refusalIn(answer, 'INVALID_PAYLOAD');
        const fields = error.detail(BadRequestSchema)?.fieldViolations.map(({ field }) => field) ?? [];
        if (!fields.includes('payload.delay_ms')) throw breach(`it names ${fields.join(', ') || 'no field'}`);
        return `${explain(error)}, at ${fields.join(', ')}`;
      }),
  },
  {
    id: 'payloads.attachments',
    rule: 'Attachments reach the handler: their names, media types and bytes.',
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const attachments = [
          {
            name: 'empty',
            mediaType: 'text/plain',
            content: { case: 'data' as const, value: new Uint8Array() },
          },
          {
            name: 'ünï.bin',
            mediaType: '',
            content: { case: 'data' as const, value: new Uint8Array(KIB * KIB).fill(255) },
          },
          {
            name: 'far',
            mediaType: 'text/html',
            content: { case: 'uri' as const, value: 'https://example.org/' },
          },
        ];
        const received = receivedIn(await ask(visit.probe({}, { attachments }))).attachments;
        const wanted = attachments.map(({ name, mediaType, content: { value } }) => ({
          name,
          media_type: mediaType,
          bytes: typeof value === 'string' ? 0 : value.length,
        }));
        return same(received, wanted, '3 attachments, 1 MiB of bytes among them');
      }),
  },
];

/** A check that a value comes back as it went. */
function echoed(id: string, rule: string, value: JsonValue): Check {
  const run = (visit: Visit) =>
    atEveryDoor(visit, async (ask) =>
      same(probed(await ask(visit.probe({ echo: value }))).echo, value, 'the same came back'),
    );
  return { id, rule, needs: ['probe'], run };
}

function same(came: JsonValue | undefined, wanted: JsonValue, seen: string): string {
  if (!isDeepStrictEqual(came, wanted)) throw breach(`${shown(JSON.stringify(came ?? null))} came`);
  return seen;
}

function nested(depth: number): JsonValue {
  let value: JsonValue = 'deep down';
  for (let level = 0; level < depth; level++) value = level % 2 ? [value] : { a: value };
  return value;
}

/** An order to echo a value that JSON does not have. */
function echoOrder(echo: Value): Value {
  const value = { $typeName: 'google.protobuf.Struct' as const, fields: { echo } };
  return { $typeName: 'google.protobuf.Value', kind: { case: 'structValue', value } };
}

function listOf(item: Value): Value {
  const value = { $typeName: 'google.protobuf.ListValue' as const, values: [item] };
  return { $typeName: 'google.protobuf.Value', kind: { case: 'listValue', value } };
}
