import fc from 'fast-check';
import type { JsonValue } from '../../../services/agent/index.ts';
import type { MessageInit } from '../../orchestrator/callers.ts';
import { type Ask, malformed, refusals } from './asks.ts';
import { ambiguousFailures, failures } from './failures.ts';

/** How long a task may take that is to run out of time, in milliseconds: long enough to begin. */
const SHORT_MS = 250;

/** One task of a script. */
export interface Part {
  /** What is asked for. */
  ask: Ask;
  /** Whether the task names its agent, or only its capability. */
  byReceiver: boolean;
  /** What is set beside, as only a stranger does. */
  odd: MessageInit;
  /** How it ends: `refused` before any work; by a `deadline` or `cancel` while the agent waits; else by the agent. */
  end: 'refused' | 'result' | 'failure' | 'cancel' | 'deadline';
  /** What the agent tells before the end. */
  progress: JsonValue[];
  /** What it answers. */
  result: JsonValue;
  /** The documents that it attaches. */
  attaches: string[];
  /** How it fails: a key of the failures. */
  failure: string;
  /** Whether the same id is sent once more while the task is in flight. */
  copied: boolean;
  /** Whether the agent goes on when it is told to stop. */
  stubborn: boolean;
  /** What is tried when the task has ended. */
  after: ('cancel' | 'progress' | 'end')[];
}

/** Tasks, and the turns in which they go on: those named in a turn each take their next step at once. */
export interface Script {
  parts: Part[];
  turns: number[][];
}

// The schema of the stage refuses a boolean.
const payload = fc
  .jsonValue({ maxDepth: 2 })
  .filter((value) => typeof value !== 'boolean') as fc.Arbitrary<JsonValue>;
const name = fc.stringMatching(/^[a-z]{1,8}$/);
const attachment = fc.record({ name, mediaType: fc.constantFrom('', 'text/plain') }).map((init) => ({
  ...init,
  content: { case: 'data' as const, value: Buffer.from(`the ${init.name}`) },
}));
const good: fc.Arbitrary<Ask> = fc.record({
  payload,
  headers: fc.dictionary(name, fc.string({ maxLength: 20 }), { maxKeys: 4 }),
  attachments: fc.uniqueArray(attachment, { maxLength: 3, selector: ({ name }) => name }),
  task: fc.string({ maxLength: 20, unit: 'grapheme' }),
});

const plain = {
  byReceiver: fc.boolean(),
  progress: fc.array(payload, { maxLength: 5 }),
  result: payload,
  attaches: fc.uniqueArray(name, { maxLength: 2 }),
  stubborn: fc.boolean(),
  after: fc.array(fc.constantFrom('cancel' as const, 'progress' as const, 'end' as const), { maxLength: 2 }),
};

/** A task of a stranger's, or only one as a `Troupe` could send it. */
function part(stranger: boolean): fc.Arbitrary<Part> {
  const failure = fc.constantFrom(
    ...Object.keys(stranger ? { ...failures, ...ambiguousFailures } : failures),
  );
  const copied = stranger ? fc.boolean() : fc.constant(false);
  const odd = fc.constant({});
  const known = { ...plain, ask: good, odd, failure, copied };
  const end = fc.constantFrom('result' as const, 'failure' as const, 'cancel' as const);
  const refused = { ...known, end: fc.constant('refused' as const), copied: fc.constant(false) };
  const refusal = fc.constantFrom(...Object.values(refusals));
  return fc.oneof(
    { weight: 9, arbitrary: fc.record({ ...known, end }) },
    {
      weight: 2,
      arbitrary: fc
        .record({ ...known, end: fc.constant('deadline' as const), copied: fc.constant(false) })
        // What it told would race with its end.
        .map((late) => ({ ...late, progress: [], ask: { ...late.ask, timeoutMs: SHORT_MS } })),
    },
    { weight: 1, arbitrary: fc.record({ ...refused, ask: refusal }) },
    {
      weight: stranger ? 2 : 0,
      arbitrary: fc.record({ ...refused, odd: fc.constantFrom(...Object.values(malformed)) }),
    },
  );
}

/** Scripts of a stranger's, or only such as a `Troupe` could play. */
export function scripts({ stranger }: { stranger: boolean }): fc.Arbitrary<Script> {
  return fc.array(part(stranger), { minLength: 1, maxLength: 6 }).chain((parts) => {
    const turn = fc.subarray([...parts.keys()], { minLength: 1 });
    return fc.record({ parts: fc.constant(parts), turns: fc.array(turn, { maxLength: 12 }) });
  });
}

/** A task whose cancel, deadline and end race. */
export interface Race {
  part: Part;
  /** After how many turns of the event loop its caller cancels it; nothing where it does not. */
  cancelAfter: number | undefined;
  /** After how many the agent is told to end; at each turn before, it tells PROGRESS. */
  endAfter: number;
}

const soon = fc.integer({ min: 0, max: 12 });

const racing = fc
  .record({
    ...plain,
    ask: good,
    timeoutMs: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
    failure: fc.constant('an Error'),
    end: fc.constantFrom('result' as const, 'failure' as const),
  })
  .map(({ ask, timeoutMs, ...rest }) => ({ ...rest, ask: { ...ask, timeoutMs }, odd: {}, copied: false }));

/** Races, all run at once. */
export const races: fc.Arbitrary<Race[]> = fc.array(
  fc.record({ part: racing, cancelAfter: fc.option(soon, { nil: undefined }), endAfter: soon }),
  { minLength: 1, maxLength: 6 },
);
